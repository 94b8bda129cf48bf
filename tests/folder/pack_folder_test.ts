import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { untar } from "../../lib/archive/_untar.ts";
import { listFiles } from "../../lib/archive/_guard.ts";
import { gunzip } from "../../lib/archive/_gunzip.ts";
import { FolderError, packFolder } from "../../lib/folder/mod.ts";
import type { CollectedEnvironment } from "../archive/_environments.ts";
import { packAndRead, SEED, toFolder } from "./_folder.ts";

const FULL = JSON.stringify({
  env: {
    envID: "507f1f77bcf86cd799439011",
    envKey: "production",
    envName: "Production",
    projKey: "shop",
    projName: "Shop",
    sdkKey: { value: "sdk-1", expiring: { value: "sdk-0", timestamp: 4102444800000 } },
    mobKey: "mob-1",
    defaultTtl: 5,
    secureMode: true,
    version: 12,
  },
  flags: { beta: { key: "beta", version: 7, on: false, offVariation: 0, variations: [1] } },
  segments: { staff: { key: "staff", version: 3, included: ["ann"] } },
});

function goodOf(
  environments: CollectedEnvironment[],
): Extract<CollectedEnvironment, { environment: unknown }> {
  const [environment] = environments;
  assert(environment && "environment" in environment);
  return environment;
}

/** Texts of the two files of the first environment, as another program reads them. */
async function readEntries(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  return await untar(listFiles(await gunzip(archive, 1_000_000)));
}

Deno.test("packFolder() keeps metadata, flags and segments of the complete form", async () => {
  const { environment: { metadata, data } } = goodOf(await packAndRead({ "x.json": FULL }));
  assertEquals(metadata, {
    id: "507f1f77bcf86cd799439011",
    key: "production",
    name: "Production",
    projectKey: "shop",
    projectName: "Shop",
    sdkKeys: [{ value: "sdk-1" }, { value: "sdk-0", expiry: 4102444800000 }],
    mobileKeys: [{ value: "mob-1" }],
    defaultTtl: 5,
    secureMode: true,
  });
  assertEquals(data.flags.get("beta")?.value.version, 7);
  assertEquals(data.segments.get("staff")?.value.included, ["ann"]);
});

Deno.test("packFolder() makes flags of constant values, for every SDK", async () => {
  const { environment: { data } } = goodOf(
    await packAndRead({
      "x.json": '{"beta": true, "big": 12345678901234567890, "price": 1.0, "none": null}',
    }),
  );
  const texts = [...data.flags].map(([key, { text }]) => [key, /"variations":\[(.*?)\]/.exec(text)?.[1]]);
  assertEquals(texts, [["beta", "true"], ["big", "12345678901234567890"], ["none", "null"], [
    "price",
    "1.0",
  ]]);
  const { on, fallthrough, offVariation, version, clientSideAvailability, salt } = data.flags.get("beta")!
    .value;
  assertEquals({ on, fallthrough, offVariation, version }, {
    on: true,
    fallthrough: { variation: 0 },
    offVariation: 0,
    version: 1,
  });
  assertEquals(clientSideAvailability, { usingMobileKey: true, usingEnvironmentId: true });
  assertMatch(salt!, /^[\da-f]{32}$/);
});

Deno.test("packFolder() reads the files of SDKs: flags, flagValues and segments, without what people leave out", async () => {
  const { environment: { data } } = goodOf(
    await packAndRead({
      "x.json": `{
        "flags": {"a": {"on": true, "variations": [1], "fallthrough": {"variation": 0}}, "old": {"version": 4, "deleted": true}},
        "flagValues": {"flags": "a flag with this name"},
        "segments": {"s": {}}
      }`,
    }),
  );
  assertEquals([...data.flags.keys()], ["a", "flags", "old"]);
  assertEquals([data.flags.get("a")?.value.key, data.flags.get("a")?.value.version], ["a", 1]);
  assertEquals(data.flags.get("flags")?.value.variations, ["a flag with this name"]);
  assertEquals(data.flags.get("old")?.value, { version: 4, deleted: true } as never);
  assertEquals([data.segments.get("s")?.value.key, data.segments.get("s")?.value.version], ["s", 1]);
});

Deno.test("packFolder() derives an ID, keys and names from the file's name, and other ones from another seed", async () => {
  const files = toFolder({ "line.north.json": "{}", "north.json": "{}" });
  const { environments, isSeeded } = await packFolder(files, SEED);
  assert(isSeeded);
  assertEquals(
    environments.map((
      { metadata: { projectKey, projectName, key, name } },
    ) => [projectKey, projectName, key, name]),
    [["line", "line", "north", "north"], ["default", "default", "north", "north"]],
  );
  const all = [...environments, ...(await packFolder(files, "another")).environments];
  for (const { metadata } of all) {
    assertMatch(metadata.id, /^[\da-f]{24}$/);
    const uuid = "[\\da-f]{8}-[\\da-f]{4}-4[\\da-f]{3}-8[\\da-f]{3}-[\\da-f]{12}";
    assertMatch(metadata.sdkKeys[0]!.value, new RegExp(`^sdk-${uuid}$`));
    assertMatch(metadata.mobileKeys[0]!.value, new RegExp(`^mob-${uuid}$`));
  }
  assertEquals(new Set(all.map(({ metadata }) => metadata.id)).size, 4);
  assertEquals(new Set(all.map(({ metadata }) => metadata.sdkKeys[0]!.value.slice(4))).size, 4);
});

Deno.test("packFolder() derives the same from a name however a file system spells it", async () => {
  const [composed] = (await packFolder(toFolder({ "größe.json": "{}" }), SEED)).environments;
  const [decomposed] =
    (await packFolder(toFolder({ ["größe.json".normalize("NFD")]: "{}" }), SEED)).environments;
  assertEquals(decomposed!.metadata, composed!.metadata);
});

Deno.test("packFolder() needs no seed where ID and keys are there, or are said to be none", async () => {
  const env = '{"envID": "e1", "sdkKey": null, "mobileKeys": []}';
  const { environments, isSeeded } = await packFolder(toFolder({ "x.json": `{"env": ${env}}` }), SEED);
  assertEquals(isSeeded, false);
  assertEquals([environments[0]!.metadata.sdkKeys, environments[0]!.metadata.mobileKeys], [[], []]);
});

Deno.test("packFolder() skips a byte order mark", async () => {
  const { environment } = goodOf(await packAndRead({ "x.json": '\ufeff{"beta": true}' }));
  assert(environment.data.flags.has("beta"));
});

Deno.test("packFolder() counts flags and segments, tombstones aside", async () => {
  const text = '{"flags": {"a": {}, "b": {"version": 1, "deleted": true}}, "segments": {"s": {}}}';
  const [{ flags, segments }] = (await packFolder(toFolder({ "x.json": text }), SEED)).environments as [
    never,
  ];
  assertEquals([flags, segments], [1, 1]);
});

Deno.test("packFolder() writes what the Relay Proxy reads: names, checksum, types", async () => {
  const { archive } = await packFolder(toFolder({ "b.json": '{"beta": true}', "a.json": FULL }), SEED);
  const entries = await readEntries(archive);
  const names = [...entries.keys()];
  assertEquals(names, names.toSorted());
  const ids = names.filter((name) => /^[\da-f]{24}\.json$/.test(name)).map((name) => name.slice(0, -5));
  assertEquals(ids.length, 2);
  assertEquals(names, [...ids.flatMap((id) => [`${id}-data.json`, `${id}.json`]), "checksum.md5"].sort());
  const md5 = createHash("md5");
  for (const name of names.filter((name) => name !== "checksum.md5")) md5.update(entries.get(name)!);
  assertEquals(entries.get("checksum.md5"), new Uint8Array(md5.digest()));
  for (const id of ids) {
    const { env, dataId, ...rest } = JSON.parse(new TextDecoder().decode(entries.get(`${id}.json`)));
    assertEquals([env.envID, rest], [id, {}]);
    for (const field of ["envKey", "envName", "projKey", "projName", "mobKey"]) {
      assertEquals([field, typeof env[field]], [field, "string"]);
    }
    assertEquals([typeof env.sdkKey.value, typeof dataId], ["string", "string"]);
    assert(Number.isInteger(env.version) && env.version >= 0 && env.version < 2 ** 31);
    const data = JSON.parse(new TextDecoder().decode(entries.get(`${id}-data.json`)));
    assertEquals(Object.keys(data), ["flags", "segments"]);
  }
});

/** Returns what makes the Relay Proxy read an environment again. */
async function readDetectors(files: Record<string, string>): Promise<{ dataId: string; version: number }> {
  const entries = await readEntries((await packFolder(toFolder(files), SEED)).archive);
  const [name] = [...entries.keys()].filter((name) => !/-data\.json|md5/.test(name));
  const { env, dataId } = JSON.parse(new TextDecoder().decode(entries.get(name!)));
  return { dataId, version: env.version };
}

Deno.test("packFolder() gives changed data another dataId, and changed metadata another version", async () => {
  const before = await readDetectors({ "x.json": FULL });
  const data = await readDetectors({ "x.json": FULL.replace('"variations":[1]', '"variations":[2]') });
  assertNotEquals(data.dataId, before.dataId);
  assertEquals(data.version, before.version);
  const metadata = await readDetectors({ "x.json": FULL.replace('"secureMode":true', '"secureMode":false') });
  assertEquals(metadata.dataId, before.dataId);
  assertNotEquals(metadata.version, before.version);
  assertEquals(await readDetectors({ "x.json": FULL.replace('"version":12', '"version":13') }), before);
});

const FAULTS: [what: string, text: string, message: string][] = [
  [
    "text that is not JSON",
    '{"a": 1,\n  "b": 2,\n}',
    "it is not JSON at line 3, column 1: expected a name",
  ],
  ["a short text that is not JSON", '{"ä": b}', "it is not JSON at line 1, column 7: expected a value"],
  ["an array", "[]", "the file must be an object"],
  ["flags that are no object", '{"flags": []}', '"flags" must be an object'],
  ["metadata that is no object", '{"env": "e1"}', '"env" must be an object'],
  ["a member that it does not know", '{"flags": {}, "flagValue": {}}', 'it has a member "flagValue"'],
  ["a member twice", '{"flags": {}, "flags": {}}', '"flags" is there twice'],
  ["a constant flag twice", '{"a": 1, "a": 2}', '"a" is there twice in "flags"'],
  ["a flag in two places", '{"flags": {"a": {}}, "flagValues": {"a": 1}}', '"a" is there twice in "flags"'],
  ["a flag that is none", '{"flags": {"a": true}}', '"" must be an object, is boolean'],
  [
    "a field of a wrong type",
    '{"flags": {"a": {"on": 1}}}',
    'cannot read flag "a": "on" must be a boolean, is number',
  ],
  [
    "a flag with another's key",
    '{"flags": {"a": {"key": "b"}}}',
    '"key" must be the key it is listed under, is "b"',
  ],
  ["metadata of a wrong type", '{"env": {"mobKey": 1}}', '"env.mobKey" must be a string, is number'],
  ["a field in another case", '{"env": {"envid": "e1"}}', 'it has "env.envid"'],
  [
    "a key that no header takes",
    '{"env": {"sdkKey": {"value": "sdk 1"}}}',
    "a key has characters that cannot be sent",
  ],
  [
    "an expiry that the Relay Proxy refuses",
    '{"env": {"sdkKey": {"value": "a", "expiring": {"value": "b", "timestamp": -1}}}}',
    "the expiry of a key is negative",
  ],
  ["no ID", '{"env": {"envID": null}}', '"env.envID" cannot be the name of a file'],
  ["an ID with a slash", '{"env": {"envID": "../x"}}', '"env.envID" cannot be the name of a file'],
  ["an ID like a data file", '{"env": {"envID": "x-data"}}', '"env.envID" cannot be the name of a file'],
  [
    "a text too deep",
    `{"a": ${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    "the text nests deeper than 10000 levels",
  ],
];

for (const [what, text, message] of FAULTS) {
  Deno.test(`packFolder() refuses ${what}, and names the file`, async () => {
    const error = await assertRejects(() => packFolder(toFolder({ "x.json": text }), SEED), FolderError);
    assert(error.message.startsWith('Cannot pack "x.json": '), error.message);
    assert(error.message.endsWith(message), error.message);
  });
}

Deno.test("packFolder() refuses what the relay would refuse as an archive, in words about the folder", async () => {
  const files = toFolder({ "x.json": `{"a": "${"x".repeat(10_000)}"}` });
  const error = await assertRejects(
    () => packFolder(files, SEED, { path: "out/flags.tar.gz", maxCompressedBytes: 100 }),
    FolderError,
    'Cannot pack "out/flags.tar.gz": it would be refused, since it has ',
  );
  assertMatch(error.hint!, /smaller files/);
});

const SHARED: [what: string, fields: string, message: string][] = [
  ["ID", '"envID": "e1"', 'Cannot pack "b.json": it has the same ID as "a.json"'],
  ["SDK key", '"sdkKey": {"value": "sdk-1"}', 'Cannot pack "b.json": it has the same SDK key as "a.json"'],
  ["mobile key", '"mobKey": "mob-1"', 'Cannot pack "b.json": it has the same mobile key as "a.json"'],
];

for (const [what, fields, message] of SHARED) {
  Deno.test(`packFolder() refuses two files with one ${what}, and names both and not the key`, async () => {
    const text = `{"env": {${fields}}}`;
    const files = toFolder({ "a.json": text, "b.json": text });
    await assertRejects(() => packFolder(files, SEED), FolderError, message);
  });
}

const HINTS: [text: string, hint: string][] = [
  ['{"flags": {"a": true}}', "constant values go into flagValues"],
  ['{"a": true,}', "JSON has no comments, and no comma behind the last member"],
  ['{"flags": {}, "a": true}', "constant flags of any name go into flagValues"],
  ['{"env": {"envID": "x/y"}}', "leave it out to have one derived"],
];

for (const [text, hint] of HINTS) {
  Deno.test(`packFolder() has a hint for whoever writes ${text}`, async () => {
    const error = await assertRejects(() => packFolder(toFolder({ "x.json": text }), SEED), FolderError);
    assert(error.hint?.includes(hint), error.hint);
  });
}

Deno.test("packFolder() warns of what is served otherwise than written", async () => {
  const text = '{"flags": {"a": {"version": 1.5}}}';
  const [environment] = (await packFolder(toFolder({ "x.json": text }), SEED)).environments;
  assertEquals(environment!.warnings.length, 1);
});
