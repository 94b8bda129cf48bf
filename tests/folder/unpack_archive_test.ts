import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { EnvironmentError, writeArchive } from "../../lib/archive/mod.ts";
import { packFolder, unpackArchive } from "../../lib/folder/mod.ts";
import { environments, readArchive, toFiles } from "../archive/_environments.ts";
import { SEED, toFolder, unpackToFolder } from "./_folder.ts";

/** JSON with spellings that no value has: blanks, escapes, numbers that no double holds, duplicates. */
const spelled: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "1.0",
      "1e3",
      "-0",
      "12345678901234567890",
      "0.10",
      "null",
      "true",
      '"\\u0041\\/"',
      '"é\\n\\"\\\\"',
      '"{[,:]}"',
    ),
    fc.json(),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[ ${items.join(" ,\n")}\t]`),
    fc.array(fc.tuple(fc.constantFrom('"a"', '"\\u0061"', '"\\\\"', '""'), tie("value")), { maxLength: 4 })
      .map((fields) => `{${fields.map(([name, value]) => `${name} : ${value}`).join(" , ")} }`),
  ),
})).value;

Deno.test("unpackArchive(), then packFolder(), gives the same environments, whatever they are", async () => {
  await fc.assert(fc.asyncProperty(environments, fc.constantFrom(0, 2, "\t"), async (list, indent) => {
    const archive = await writeArchive(list.map((environment) => toFiles(environment, indent)));
    const packed = await packFolder(await unpackToFolder(archive), SEED);
    assertEquals(packed.isSeeded, false);
    assertEquals(await readArchive(packed.archive), await readArchive(archive));
  }));
});

Deno.test("unpackArchive(), then packFolder(), keeps spellings of flags, segments and metadata", async () => {
  await fc.assert(fc.asyncProperty(spelled, spelled, spelled, async (flag, segment, field) => {
    const archive = await writeArchive([{
      id: "e1",
      metadata: `{"env": {"envID": "e1", "fromTheFuture": ${field}}}`,
      data: `{"flags": {"f": {"key": "f", "version": 1, "variations": [${flag}]}},
        "segments": {"s": {"key": "s", "version": 1, "fromTheFuture": ${segment}}}}`,
    }]);
    const folder = await unpackToFolder(archive);
    const packed = await packFolder(folder, SEED);
    assertEquals(await readArchive(packed.archive), await readArchive(archive));
    const again = await packFolder(await unpackToFolder(packed.archive), SEED);
    assertEquals(again.archive, packed.archive);
  }));
});

Deno.test("packFolder() gives the same bytes each time", async () => {
  await fc.assert(
    fc.asyncProperty(environments, async (list) => {
      const folder = await unpackToFolder(
        await writeArchive(list.map((environment) => toFiles(environment))),
      );
      const { archive } = await packFolder(folder, SEED);
      assertEquals((await packFolder(new Map([...folder].reverse()), SEED)).archive, archive);
    }),
    { numRuns: 20 },
  );
});

Deno.test("unpackArchive() writes files that people read, and leaves out what is made when they are packed", async () => {
  const archive = await writeArchive([{
    id: "e1",
    metadata:
      '{"env":{"envID":"e1","envKey":"north","projKey":"line","version":7,"sdkKey":{"value":"sdk-1"}},"dataId":"x"}',
    data: '{"flags":{"beta":{"key":"beta","version":1,"variations":[true,false],"rules":[]}},"other":{}}',
  }]);
  const [environment] = await unpackArchive(archive);
  assertEquals([environment?.file, environment?.flags, environment?.segments], ["line.north.json", 1, 0]);
  assertEquals(
    environment?.text,
    `{
  "env": {
    "envID": "e1",
    "envKey": "north",
    "projKey": "line",
    "sdkKey": { "value": "sdk-1" },
    "envName": "",
    "projName": "",
    "mobKey": null
  },
  "flags": {
    "beta": { "key": "beta", "version": 1, "variations": [true, false], "rules": [] }
  }
}
`,
  );
});

Deno.test("unpackArchive() gives environments names that are safe and unlike each other", async () => {
  const keys: [project: string, key: string][] = [
    ["line", "north"],
    ["line", "North"],
    ["../..", "x/y"],
    ["", ""],
    [".hidden", ""],
    ["-rf", "größe"],
    ["a".repeat(300), "b".repeat(300)],
  ];
  const archive = await writeArchive(keys.map(([projKey, envKey], i) => ({
    id: `e${i}`,
    metadata: JSON.stringify({ env: { envID: `e${i}`, projKey, envKey } }),
    data: "{}",
  })));
  const names = (await unpackArchive(archive)).map(({ file }) => file);
  assertEquals(names.slice(0, 6), [
    "line.north.json",
    "line.North-2.json",
    "_./...x_y.json".replace("/", "_"),
    "e3.json",
    "_hidden.json",
    "_rf.gr__e.json",
  ]);
  assert(names[6]!.length < 255);
});

Deno.test("unpackArchive() refuses an archive with an environment that cannot be used", async () => {
  for (const [metadata, data] of [["{}", "{}"], ['{"env":{"envID":"e1"}}', '{"flags":{"a":1}}']] as const) {
    const archive = await writeArchive([{ id: "e1", metadata, data }]);
    await assertRejects(() => unpackArchive(archive), EnvironmentError);
  }
});

Deno.test("unpackArchive() keeps flags that nobody serves, and refuses what is not even JSON", async () => {
  async function unpackFlag(value: string): Promise<string> {
    const metadata = '{"env":{"envID":"e1"}}';
    const [environment] = await unpackArchive(
      await writeArchive([{ id: "e1", metadata, data: `{"flags":{"a":${value}}}` }]),
    );
    return environment!.text;
  }
  const deep = `${"[".repeat(5000)}1${"]".repeat(5000)}`;
  assert((await unpackFlag(deep)).replaceAll(/\s/g, "").includes(deep));
  await assertRejects(() => unpackFlag("[".repeat(200) + "}".repeat(200)), EnvironmentError, "not JSON");
  await assertRejects(
    () => unpackFlag("[".repeat(20_000) + "]".repeat(20_000)),
    EnvironmentError,
    "nests deeper",
  );
});

Deno.test("unpackArchive() reads archives without flags and segments, or with null for them", async () => {
  for (const data of ["{}", '{"flags":null,"segments":null}', ' {"flags": {}} ']) {
    const archive = await writeArchive([{ id: "e1", metadata: '{"env":{"envID":"e1"}}', data }]);
    const [environment] = await unpackArchive(archive);
    assertEquals([environment!.flags, environment!.segments], [0, 0]);
    await packFolder(toFolder({ "x.json": environment!.text }), SEED);
  }
});
