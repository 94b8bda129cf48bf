import { assertRejects } from "@std/assert";
import { PartFile, PullError } from "../../lib/pull/mod.ts";

Deno.test("PartFile takes no place but a file's: a device would be gone", async () => {
  for (const path of ["/dev/null", Deno.cwd()]) {
    await assertRejects(() => PartFile.create(path), PullError, "it is not a regular file");
  }
});
