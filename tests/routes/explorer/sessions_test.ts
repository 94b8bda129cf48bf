import { assertEquals } from "@std/assert";
import { createDigest } from "../../../lib/routes/explorer/_digest.ts";
import { Sessions } from "../../../lib/routes/explorer/_sessions.ts";

Deno.test("Sessions makes no digest of what cannot be the name of a session: a request may have thousands", () => {
  const digest = createDigest();
  let digests = 0;
  const sessions = new Sessions((text) => {
    digests++;
    return digest(text);
  }, () => 0);
  const name = sessions.begin();
  for (const other of ["", "x", name.slice(1), `${name}x`]) assertEquals(sessions.has(other), false);
  assertEquals([sessions.has(name), digests], [true, 2]);
});
