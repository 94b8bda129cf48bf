import { readArchive } from "./_environments.ts";
import { assertEquals } from "@std/assert";
import { writeArchive } from "../../lib/archive/mod.ts";

const files = [{
  id: "e1",
  metadata: '{"env":{"envID":"e1"}}',
  data: '{"flags":{"a":{"key":"a","version":1}}}',
}];
const archive = await writeArchive(files);
const expected = await readArchive(archive);

/** Runs the system's tar in `directory`, if it has one. */
async function run(directory: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("tar", { args, cwd: directory }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function hasTar(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("tar", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).includes("GNU tar");
  } catch {
    return false;
  }
}

const WAYS: [what: string, args: string[]][] = [
  ["as it is by default, with the folder", ["."]],
  ["in the GNU format", ["--format=gnu", "."]],
  ["in the ustar format", ["--format=ustar", "."]],
  ["in the v7 format", ["--format=v7", "."]],
  ["in the PAX format, with all times", [
    "--format=pax",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,mtime:=1.5,comment:=x",
    ".",
  ]],
  ["in the PAX format, with a global header", [
    "--format=pax",
    "--pax-option=globexthdr.name=g,comment=x",
    ".",
  ]],
  ["without the folder", ["checksum.md5", "e1.json", "e1-data.json"]],
];

Deno.test({
  name: "the system's tar and this archive understand each other",
  ignore: !await hasTar(),
  async fn(t) {
    const directory = await Deno.makeTempDir({ prefix: "halyard-tar-" });
    try {
      await t.step("writeArchive() writes what tar unpacks", async () => {
        await Deno.writeFile(`${directory}/written.tar.gz`, archive);
        await Deno.mkdir(`${directory}/files`);
        await run(directory, "-xzf", "written.tar.gz", "-C", "files");
        assertEquals(await Deno.readTextFile(`${directory}/files/e1-data.json`), files[0]!.data);
      });
      for (const [what, args] of WAYS) {
        for (const [option, name] of [["-cf", "packed.tar"], ["-czf", "packed.tar.gz"]] as const) {
          await t.step(`readArchive() reads what tar packs ${what}, ${option}`, async () => {
            await run(directory, option, name, "-C", "files", ...args);
            assertEquals(await readArchive(await Deno.readFile(`${directory}/${name}`)), expected);
          });
        }
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
