import { readEnvironment } from "./_environments.ts";
import { assert, assertEquals } from "@std/assert";
import type { EnvironmentError } from "../../lib/archive/mod.ts";

import type { EnvironmentData } from "../../lib/model/mod.ts";

const encoder = new TextEncoder();

function metadataOf(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ env: { envID: "e1", ...fields } });
}

/** Gives what a good data file holds. */
function read(data: string): EnvironmentData {
  const loaded = readEnvironment("e1", encoder.encode(metadataOf()), encoder.encode(data));
  assert("environment" in loaded);
  return loaded.environment.data;
}

/** Gives the fault of an environment. */
function fault(data: string | Uint8Array, metadata: string = metadataOf()): EnvironmentError {
  const json = typeof data === "string" ? encoder.encode(data) : data;
  const loaded = readEnvironment("e1", encoder.encode(metadata), json);
  assert("error" in loaded);
  return loaded.error;
}

const METADATA_FAULTS: [what: string, metadata: string, problem: string][] = [
  ["text that is no JSON", "sdk-secret", "the text is not JSON"],
  ["JSON that stops", '{"env":', "the text is not JSON at position 7 (line 1 column 8)"],
  ["JSON with a comma too many", '{\n"env":{},}', "the text is not JSON at position 11 (line 2 column 10)"],
  ["a byte order mark", "\ufeff{}", "the text is not JSON"],
  [
    "another environment's ID",
    metadataOf({ envID: "e2" }),
    '"env.envID" must be the ID in the file\'s name, is "e2"',
  ],
  ["a wrong type", metadataOf({ secureMode: 1 }), '"env.secureMode" must be a boolean, is number'],
];

for (const [what, metadata, problem] of METADATA_FAULTS) {
  Deno.test(`readEnvironment() takes ${what} in metadata for a fault`, () => {
    assertEquals(
      fault("{}", metadata).message,
      `Cannot read environment "e1": in "e1.json", ${problem}`,
    );
  });
}

const DATA_FAULTS: [what: string, data: string, problem: string][] = [
  ["a list", "[]", "the file must be an object"],
  ["null", "null", "the file must be an object"],
  ["flags that are a list", '{"flags":[]}', '"flags" must be an object'],
  ["another kind that is a string", '{"configs":"x"}', '"configs" must be an object'],
  ["kinds twice", '{"flags":{},"segments":{},"\\u0066lags":{}}', '"flags" is there twice'],
  [
    "a flag twice",
    '{"flags":{"a":{"key":"a","version":1},"\\u0061":{"key":"a","version":2}}}',
    '"a" is there twice in "flags"',
  ],
  [
    "a segment twice",
    '{"segments":{"a":{"key":"a","version":1},"a":null}}',
    '"a" is there twice in "segments"',
  ],
  [
    "a flag without version",
    '{"flags":{"a":{"key":"a"}}}',
    'cannot read flag "a": "version" must be an integer, is missing',
  ],
  [
    "a version beyond 2^53",
    '{"flags":{"a":{"key":"a","version":9007199254740993}}}',
    'cannot read flag "a": "version" must be an integer between -(2^53 - 1) and 2^53 - 1, is 9007199254740992',
  ],
  [
    "a segment with a wrong type",
    '{"segments":{"a":{"key":"a","version":1,"included":"b"}}}',
    'cannot read segment "a": "included" must be an array, is string',
  ],
  [
    "10,001 levels in no flag",
    `{"flags":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
    "the text nests deeper than 10000 levels",
  ],
  [
    "10,000 levels in no flag",
    `{"flags":${"[".repeat(9_999)}${"]".repeat(9_999)}}`,
    '"flags" must be an object',
  ],
  [
    "a deep flag twice",
    `{"flags":{"a":${"[".repeat(999)}${"]".repeat(999)},"a":null}}`,
    '"a" is there twice in "flags"',
  ],
  [
    "a deep flag that never ends",
    `{"flags":{"a":${"[".repeat(99_999)}`,
    "the text is not JSON at position 100013 (line 1 column 100014)",
  ],
  [
    "something behind the flags",
    '{"flags":{} 1,"segments":{}}',
    "the text is not JSON at position 12 (line 1 column 13)",
  ],
  [
    "a second object behind a flag's",
    '{"flags":{"a":{"key":"a","version":1}}{"b":{"key":"b","version":1}}}',
    "the text is not JSON at position 38 (line 1 column 39)",
  ],
  [
    "something behind another kind",
    '{"other":{"a":1}null}',
    "the text is not JSON at position 16 (line 1 column 17)",
  ],
  ["something behind the file", '{}\n{"flags":{}}', "the text is not JSON at position 3 (line 2 column 1)"],
  [
    "a deep flag under a key that is no JSON",
    `{"flags":{"\\x":${"[".repeat(999)}${"]".repeat(999)}}}`,
    "the text is not JSON at position 12 (line 1 column 13)",
  ],
];

for (const [what, data, problem] of DATA_FAULTS) {
  Deno.test(`readEnvironment() takes ${what} in data for a fault`, () => {
    assertEquals(fault(data).message, `Cannot read environment "e1": in "e1-data.json", ${problem}`);
  });
}

Deno.test("readEnvironment() takes text that is not UTF-8 for a fault", () => {
  const json = encoder.encode('{"flags":null,"x":null}');
  json[3] = 0xff;
  assertEquals(fault(json).message, 'Cannot read environment "e1": in "e1-data.json", the text is not UTF-8');
});

/** What SDKs get of a flag that says nothing. */
const DEFAULTS = ',"deleted":false,"on":false,"prerequisites":[],"targets":[],"rules":[],"fallthrough":{},' +
  '"offVariation":null,"variations":[],"salt":"","trackEvents":false,"trackEventsFallthrough":false}';

Deno.test("readEnvironment() keeps the spelling of values and drops whitespace outside strings", () => {
  const data = `{
    "configs" : { "x" : [ 1 ] } , "segments" : null ,
    "flags" : {
      "__proto__" : { "key" : "__proto__" , "version" : 1 , "big" : 12345678901234567890 , "e" : [ 1e2 , -0 , 1E-7 ] } ,
      "b\\u00e9" :\t{ "key":"bé", "version": 2, "text": " a \\n \\u0022 \\\\" , "ключ" : "\u2028" }\r
    }
  }`;
  const { flags, segments } = read(data);
  assertEquals([...flags].map(([key, { text }]) => [key, text]), [
    ["__proto__", '{"key":"__proto__","version":1,"big":12345678901234567890,"e":[1e2,-0,1E-7]' + DEFAULTS],
    ["bé", '{"key":"bé","version":2,"text":" a \\n \\u0022 \\\\","ключ":"\u2028"' + DEFAULTS],
  ]);
  assertEquals([...flags.values()].map(({ value }) => value.version), [1, 2]);
  assertEquals(segments.size, 0);
});

/** A flag under `key` whose one variation nests so deep that the flag has `levels`. */
function deepFlag(key: string, levels: number): string {
  return `"${key}" : {"key":"${key}","version":1,"variations": [${"[ ".repeat(levels - 2)}${
    "] ".repeat(levels - 2)
  }]}`;
}

Deno.test("readEnvironment() leaves out what nests too deep for SDKs, alone, with a warning", () => {
  for (const levels of [61, 97, 98, 1000, 10_001, 100_000]) {
    const data = `{ "flags" : {${deepFlag("a", 3)} , ${deepFlag("deep", levels)}, ${deepFlag("z", 3)} },` +
      `"segments": {${deepFlag("deep", levels)}}, "later": {${deepFlag("deep", levels)}} }`;
    const loaded = readEnvironment("e1", encoder.encode(metadataOf()), encoder.encode(data));
    assert("environment" in loaded);
    const { flags, segments } = loaded.environment.data;
    const isIn = levels <= 97;
    assertEquals([...flags.keys()], isIn ? ["a", "deep", "z"] : ["a", "z"]);
    assertEquals([...segments.keys()], isIn ? ["deep"] : []);
    assertEquals(
      loaded.warnings,
      isIn
        ? undefined
        : ["flag", "segment"].map((name) =>
          `Environment "e1": ${name} "deep" is left out: it nests deeper than 97 levels`
        ),
    );
  }
});

Deno.test("readEnvironment() leaves out what has a number past the range of a double, alone, with a warning", () => {
  const nines = "9".repeat(400);
  const past = [
    "1e309",
    "-1E+400",
    "1.8e308",
    "0.00001e314",
    `${"1".repeat(301)}e9`,
    nines,
    `-${nines}.5`,
    "1e0999",
  ];
  const within = [
    "1e308",
    "1e-400",
    `0.${nines}`,
    "9".repeat(308),
    "0e400",
    `"1e400"`,
    `":1e400"`,
    '",[1e400"',
  ];
  for (const number of [...past, ...within]) {
    for (
      const field of [
        `"variations":[0,${number}]`,
        `"later":{"x":[[${number}]]}`,
        `"variations":[{"a":${number}}]`,
      ]
    ) {
      const data = `{"flags":{"a":{"key":"a","version":1},"b":{"key":"b","version":1,${field}}}}`;
      const loaded = readEnvironment("e1", encoder.encode(metadataOf()), encoder.encode(data));
      assert("environment" in loaded);
      const isIn = within.includes(number);
      assertEquals([...loaded.environment.data.flags.keys()], isIn ? ["a", "b"] : ["a"], field);
      assertEquals(
        loaded.warnings,
        isIn
          ? undefined
          : ['Environment "e1": flag "b" is left out: it has a number past the range of a double'],
      );
    }
  }
});

Deno.test("readEnvironment() counts the warnings of an environment from the twenty-first on", () => {
  const items = Array.from({ length: 23 }, (_, i) => `"f${i}":{"key":"f${i}","version":1.5}`);
  const loaded = readEnvironment("e1", encoder.encode(metadataOf()), encoder.encode(`{"flags":{${items}}}`));
  assert("environment" in loaded);
  assertEquals([loaded.warnings?.length, loaded.warnings?.at(-1)], [
    21,
    'Environment "e1": 3 more problems of these kinds',
  ]);
});

Deno.test("readEnvironment() takes metadata that nests as deep as the Relay Proxy reads", () => {
  const metadata = `{"env":{"envID":"e1"},"x":${"[".repeat(9_999)}${"]".repeat(9_999)}}`;
  assert("environment" in readEnvironment("e1", encoder.encode(metadata), encoder.encode("{}")));
  assertEquals(
    fault("{}", metadata.replace("[", "[[").replace("]", "]]")).message,
    'Cannot read environment "e1": in "e1.json", the text nests deeper than 10000 levels',
  );
});

Deno.test("readEnvironment() lists flags and segments in ascending order of their keys' code units", () => {
  const items = ["é", "b", "10", "9", "B", "\uff5e", "😀"].map((key) =>
    `${JSON.stringify(key)}:{"key":"${key}","version":1}`
  );
  const data = `{"flags":{${items}},"segments":{${items}}}`;
  const { flags, segments } = read(data);
  const order = ["10", "9", "B", "b", "é", "😀", "\uff5e"];
  assertEquals([[...flags.keys()], [...segments.keys()]], [order, order]);
});
