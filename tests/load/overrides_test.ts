import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type EnvironmentOverrides, MAX_OVERRIDES_BYTES, parseOverrides } from "../../lib/load/mod.ts";
import { LoadError } from "../../lib/source/mod.ts";

type Json = Record<string, unknown>;

function noPause(): undefined {}

async function parse(file: string | Uint8Array): Promise<Map<string, EnvironmentOverrides>> {
  const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
  return new Map(await parseOverrides(bytes, "o.json", noPause));
}

async function parseOne(environment: Json): Promise<EnvironmentOverrides> {
  return (await parse(JSON.stringify({ environments: { e1: environment } }))).get("e1")!;
}

async function refusal(file: string | Uint8Array): Promise<string> {
  const error = await assertRejects(() => parse(file), LoadError);
  assertEquals(error.hint, "correct the file; docs/operations.md has an example");
  const prefix = 'Cannot read overrides "o.json": ';
  assertEquals(error.message.slice(0, prefix.length), prefix);
  return error.message.slice(prefix.length);
}

function inFlag(flag: string): string {
  return `{"environments":{"e1":{"flags":{"f":${flag}}}}}`;
}

function nest(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

const FAULTS: [file: string | Uint8Array, problem: string][] = [
  ["", "the file: the text is not JSON at position 0 (line 1 column 1)"],
  ["null", "the file: it must be an object"],
  ["[]", "the file: it must be an object"],
  ["{", "the file: the text is not JSON at position 1 (line 1 column 2)"],
  ["{} x", "the file: the text is not JSON at position 3 (line 1 column 4)"],
  ["\ufeff{}", "the file: it begins with a byte order mark: save it as UTF-8 without one"],
  [Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), "the file: the text is not UTF-8"],
  ['{"flags":{}}', 'the file: it has a member that is not known: "flags"'],
  ['{"environments":{},"environments":{}}', 'the file: "environments" is there twice'],
  ['{"environments":null}', '"environments": it must be an object'],
  ['{"environments":{"e1":1}}', 'environment "e1": it must be an object'],
  ['{"environments":{"e1":{},"e1":{}}}', 'environment "e1": it is there twice'],
  ['{"environments":{"e1":{"flag":{}}}}', 'environment "e1": it has a member that is not known: "flag"'],
  ['{"environments":{"e1":{"flags":{},"flags":{}}}}', 'environment "e1": "flags" is there twice'],
  ['{"environments":{"e1":{"flags":[]}}}', 'environment "e1", "flags": it must be an object'],
  ['{"environments":{"e1":{"flags":null}}}', 'environment "e1", "flags": it must be an object'],
  ['{"environments":{"e1":{"flagValues":1}}}', 'environment "e1", "flagValues": it must be an object'],
  ['{"environments":{"e1":{"segments":""}}}', 'environment "e1", "segments": it must be an object'],
  [
    '{"environments":{"e1":{"flags":{"f":{},"f":{}}}}}',
    'environment "e1", flag "f": "f" is there twice in "flags"',
  ],
  [
    '{"environments":{"e1":{"flagValues":{"f":1,"f":1}}}}',
    'environment "e1", flag "f": "f" is there twice in "flagValues"',
  ],
  [
    '{"environments":{"e1":{"flags":{"f":{}},"flagValues":{"f":true}}}}',
    'environment "e1", flag "f": it is both in "flags" and in "flagValues"',
  ],
  [
    '{"environments":{"e1":{"flagValues":{"f":tru}}}}',
    'environment "e1", flag "f": the text is not JSON at position 44 (line 1 column 45)',
  ],
  [
    '{"environments":{"e1":{"flagValues":{"f":1e999}}}}',
    'environment "e1", flag "f": it has a number past the range of a double',
  ],
  [
    '{"environments":{"e1":{"flagValues":{"f":[-1e999]}}}}',
    'environment "e1", flag "f": it has a number past the range of a double',
  ],
  [
    `{"environments":{"e1":{"flagValues":{"f":${nest(96)}}}}}`,
    'environment "e1", flag "f": it nests deeper than 95 levels',
  ],
  [
    '{"environments":{"e1":{"flagValues":{"f":{"a":[1,{"b":1,"b":2}]}}}}}',
    'environment "e1", flag "f": "a[1].b" is there twice',
  ],
  [inFlag("true"), 'environment "e1", flag "f": it must be an object'],
  [inFlag("{"), "the file: the text is not JSON at position 41 (line 1 column 42)"],
  [inFlag('{"on"}'), 'environment "e1", flag "f": the text is not JSON at position 41 (line 1 column 42)'],
  [inFlag('{"on":"yes"}'), 'environment "e1", flag "f": "on" must be a boolean, is string'],
  [inFlag('{"key":"g"}'), 'environment "e1", flag "f": "key" must be the key it is listed under, is "g"'],
  [inFlag('{"key":null}'), 'environment "e1", flag "f": "key" must be a string, is null'],
  [inFlag('{"version":"1"}'), 'environment "e1", flag "f": "version" must be an integer, is string'],
  [inFlag('{"version":1.5}'), 'environment "e1", flag "f": "version" must be a whole number, is 1.5'],
  [inFlag('{"on":true,"on":false}'), 'environment "e1", flag "f": "on" is there twice'],
  [
    inFlag('{"rules":[{},{"clauses":[{"op":"in","op":"in"}]}]}'),
    'environment "e1", flag "f": "rules[1].clauses[0].op" is there twice',
  ],
  [inFlag(`{"x":${nest(97)}}`), 'environment "e1", flag "f": it nests deeper than 97 levels'],
  [
    inFlag('{"on":true,"variations":[1,2],"fallthrough":{"variation":2}}'),
    'environment "e1": flag "f" is malformed: "fallthrough.variation" is 2, the flag has 2 variations',
  ],
  [
    inFlag('{"on":true}'),
    'environment "e1": flag "f" is malformed: "fallthrough" has neither a variation nor a rollout',
  ],
  [
    '{"environments":{"e1":{"segments":{"s":{"included":[1]}}}}}',
    'environment "e1", segment "s": "included[0]" must be a string, is number',
  ],
  [
    '{"environments":{"e1":{"segments":{"s":{"rules":[{"clauses":[{"op":"segmentMatch","values":["s"]}]}]}}}}}',
    'environment "e1": segments contain each other, so they are malformed: "s"',
  ],
  ...[
    '"2026-12-01"',
    '"2026-12-01T06:00:00"',
    '"2026-12-01 06:00:00Z"',
    '"2026-13-01T06:00:00Z"',
    '"2026-02-30T06:00:00Z"',
    '"2026-12-01T24:00:00Z"',
    '"2026-12-01T06:00:60Z"',
    '"2026-12-01T06:00:00+24:00"',
    '"2026-12-01T06:00:00Zx"',
    '""',
    "null",
    "1798761600000",
  ].map((until): [string, string] => [
    `{"environments":{"e1":{"until":${until}}}}`,
    'environment "e1": "until" must be a time such as "2026-12-01T06:00:00Z" or "2026-12-01T07:00:00+01:00"',
  ]),
];

for (const [file, problem] of FAULTS) {
  const name = typeof file === "string" ? file.slice(0, 100) : "bytes that are not UTF-8";
  Deno.test(`parseOverrides() refuses ${name}`, async () => {
    assertEquals(await refusal(file), problem);
  });
}

Deno.test("parseOverrides() reads flags, values, segments and a time; key and version may be left out", async () => {
  const { flags, segments, until } = await parseOne({
    flags: {
      b: { on: true, version: 7, variations: [1], fallthrough: { variation: 0 } },
      gone: { deleted: true },
    },
    flagValues: { a: { deep: [null] } },
    segments: { s: { included: ["u"] } },
    until: "2026-12-01T07:30:00.5+01:30",
  });
  assertEquals([...flags.keys()], ["a", "b", "gone"]);
  assertEquals(flags.get("a"), { flagValue: '{"deep":[null]}' });
  assertEquals(until, Date.UTC(2026, 11, 1, 6, 0, 0, 500));
  const b = flags.get("b")!;
  const s = segments.get("s")!;
  assertEquals("item" in b && [b.version, b.item.key], [7, "b"]);
  // With the defaults that SDKs need.
  const texts = ["item" in b ? JSON.parse(b.text.join("9")) : {}, JSON.parse(s.text.join("9"))];
  assertEquals(texts.map(({ key, version, salt, rules }) => [key, version, salt, rules]), [
    ["b", 9, "", []],
    ["s", 9, "", []],
  ]);
  assertEquals(s.version, undefined);
});

Deno.test("parseOverrides() takes a file without anything in it, and times in all forms of RFC 3339", async () => {
  assertEquals(await parse("{}"), new Map());
  assertEquals(await parse('\n{ "environments" : { } }\n'), new Map());
  const { flags, segments } = await parseOne({});
  assertEquals([flags.size, segments.size], [0, 0]);
  for (
    const [until, time] of [
      ["2026-12-01T06:00:00Z", Date.UTC(2026, 11, 1, 6)],
      ["2026-12-01t06:00:00z", Date.UTC(2026, 11, 1, 6)],
      ["2026-12-01T06:00:00-00:00", Date.UTC(2026, 11, 1, 6)],
      ["2028-02-29T23:59:59.123456789-05:00", Date.UTC(2028, 2, 1, 4, 59, 59, 123)],
      ["0000-01-01T00:00:00Z", Date.parse("0000-01-01T00:00:00Z")],
    ] as const
  ) {
    assertEquals((await parseOne({ until })).until, time, until);
  }
});

Deno.test("parseOverrides() has one digest for what overrides alike, and another for anything else", async () => {
  const flag = { on: false, variations: [1, 2], offVariation: 0 };
  const same = [
    { flags: { f: flag }, flagValues: { a: 1, b: 2 } },
    { flagValues: { b: 2, a: 1 }, until: "2026-12-01T06:00:00Z", flags: { f: flag } },
  ];
  const others: Json[] = [
    {},
    { flags: { f: { ...flag, version: 0 } }, flagValues: { a: 1, b: 2 } },
    { flags: { f: { ...flag, offVariation: 1 } }, flagValues: { a: 1, b: 2 } },
    { flags: { f: flag }, flagValues: { a: 2, b: 1 } },
    { flags: { g: flag }, flagValues: { a: 1, b: 2 } },
    { flags: { f: flag } },
    { segments: { f: {} } },
  ];
  const digests = new Set<string>();
  for (const environment of same) digests.add((await parseOne(environment)).digest);
  assertEquals(digests.size, 1);
  for (const environment of others) digests.add((await parseOne(environment)).digest);
  assertEquals(digests.size, 1 + others.length);
});

Deno.test("parseOverrides() reads a file of the largest size between requests", async () => {
  const flagValues = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`flag-${i}`, "x".repeat(30)]),
  );
  const file = new TextEncoder().encode(JSON.stringify({ environments: { e1: { flagValues } } }));
  assertEquals(file.length < MAX_OVERRIDES_BYTES, true);
  let pauses = 0;
  const overrides = await parseOverrides(file, "o.json", () => void pauses++);
  assertEquals([overrides.get("e1")!.flags.size, pauses], [20_000, 20_001]);
});

Deno.test("parseOverrides() either reads any JSON or refuses it, and never fails otherwise", async () => {
  const name = fc.constantFrom(
    "environments",
    "e1",
    "flags",
    "flagValues",
    "segments",
    "until",
    "f",
    "on",
    "__proto__",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "large" }, fc.jsonValue({ maxDepth: 1 }), tie("object"), tie("object")),
    object: fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((members) =>
      Object.fromEntries(members)
    ),
  }));
  await fc.assert(fc.asyncProperty(value, async (environments) => {
    const file = JSON.stringify({ environments: { e1: environments } });
    await parse(file).catch((error) => {
      if (!(error instanceof LoadError)) throw error;
    });
  }));
});

Deno.test("the example of docs/operations.md is a file of overrides", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/operations.md", import.meta.url));
  const [, example] = /## Overrides\n[^]*?```json\n([^]*?)```/.exec(page)!;
  const { flags, until } = (await parse(example!)).get("65f1c0ffee")!;
  assertEquals([flags.get("new-checkout"), typeof until], [{ flagValue: "false" }, "number"]);
});
