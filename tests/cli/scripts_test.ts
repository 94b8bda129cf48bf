import { assertEquals } from "@std/assert";
import { runScript } from "./_script.ts";

const FOLDER = new URL("./", import.meta.url);

/** With `HALYARD_UPDATE=1`, scripts are written as they ran, for a person to look at the difference. */
const UPDATES = Deno.env.get("HALYARD_UPDATE") === "1";

for (const { name } of [...Deno.readDirSync(FOLDER)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  if (!name.endsWith(".txt")) continue;
  Deno.test(`tests/cli/${name} runs as it says`, async () => {
    const url = new URL(name, FOLDER);
    const script = await Deno.readTextFile(url);
    const actual = await runScript(script);
    if (UPDATES) await Deno.writeTextFile(url, actual);
    else assertEquals(actual, script);
  });
}
