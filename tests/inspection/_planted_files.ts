import { flagOf, ID, METADATA, NOW, type Planted, ruleWith, SDK_KEY } from "./_checked.ts";

/** Faults in files. */
export const FILE_FAULTS: readonly Planted[] = [
  // JSON
  [
    "a comma too many in a flag",
    { data: '{"flags":{"f":{"key":"f","version":1,}}}' },
    'error flags.f: Line 1, column 38: the text is not JSON: a name is expected, "}" is there',
  ],
  [
    "a comma that is missing",
    { data: '{"flags":{"f":{"key":"f",\n  "version":1\n  "on":true}}}' },
    'error flags.f: Line 3, column 3: the text is not JSON: "," or "}" is expected, a string is there',
  ],
  [
    "a bracket that is missing",
    { data: '{"flags":{"f":{"key":"f","version":1}}' },
    'error null: Line 1, column 39: the text is not JSON: "," or "}" is expected, the end of the file is there',
  ],
  [
    "a bracket too many",
    { data: '{"flags":{}}}' },
    'error null: Line 1, column 13: the text is not JSON: nothing is expected, "}" is there',
  ],
  [
    "a string that does not end",
    { data: '{"flags":{"ü":{"key":"ü,\n"version":1}}}' },
    "error null: Line 1, column 25: the text is not JSON: the string's end is expected, the end of the line is there",
  ],
  [
    "a word that is none",
    { data: '{"flags":{"f":{"key":"f","version":1,"on":True}}}' },
    'error flags.f: Line 1, column 43: the text is not JSON: a value is expected, "T" is there',
  ],
  [
    "an escape that is none",
    { data: '{"flags":{"f":{"key":"f","version":1,"salt":"\\x"}}}' },
    'error flags.f: Line 1, column 46: the text is not JSON: an escape as JSON has it is expected, "\\" is there',
  ],
  [
    "a byte order mark",
    { data: '\ufeff{"flags":{}}' },
    "error null: Line 1, column 1: the text is not JSON: a value is expected, " +
    "a byte order mark (save as UTF-8 without BOM) is there",
  ],
  ["a list for a file", { data: "[]" }, "error null: Line 1, column 1: the file must be an object"],
  [
    "flags that are a list",
    { data: '{"flags":[]}' },
    'error null: Line 1, column 10: "flags" must be an object',
  ],
  [
    "flags that are there twice",
    { data: '{"flags":{},"flags":{}}' },
    'error null: Line 1, column 21: "flags" is there twice',
  ],
  [
    "a flag that is there twice",
    { data: '{"flags":{"f":{"key":"f","version":1},"f":{"key":"f","version":1}}}' },
    'error flags.f: Line 1, column 43: "f" is there twice in "flags"',
  ],
  [
    "a file that nests too deep",
    { data: `{"flags":${"[".repeat(10_000)}${"]".repeat(10_000)}}` },
    "error null: Line 1, column 10: the text nests deeper than 10000 levels",
  ],
  // Types
  ["a flag that is a text", { flags: { f: "x" } }, "error flags.f: The flag must be an object, is string"],
  [
    "a wrong type",
    { flags: { "a flag": flagOf({ on: "true" }) } },
    'error flags["a flag"].on: "on" must be a boolean, is string',
  ],
  [
    "a wrong type deep inside",
    { flags: { f: ruleWith({ values: "DE" }) } },
    'error flags.f.rules[0].clauses[0].values: "rules[0].clauses[0].values" must be an array, is string',
  ],
  [
    "a wrong type in a list",
    { segments: { s: { version: 1, included: [1, 2, 3] } } },
    'error segments.s.included[0]: "included[0]" must be a string, is number; likewise 2 more in the list',
  ],
  [
    "a version that is missing",
    { segments: { s: { included: [] } } },
    'error segments.s.version: "version" must be an integer, is missing',
  ],
  [
    "a version that is too large",
    { flags: { f: flagOf({ version: 2 ** 60 }) } },
    'error flags.f.version: "version" must be an integer between -(2^53 - 1) and 2^53 - 1, is 1152921504606847000',
  ],
  [
    "a key unlike its map key",
    { flags: { f: flagOf({ key: "g" }) } },
    'error flags.f.key: "key" must be the key it is listed under, is "g"',
  ],
  // Metadata
  [
    "metadata that is no JSON",
    { metadata: `{"env":{"envID":"${ID}"} "x"}` },
    'error null: Line 1, column 23: the text is not JSON: "," or "}" is expected, a string is there',
  ],
  ["metadata that is a list", { metadata: [] }, "error null: The file must be an object, is array"],
  [
    "metadata of a wrong type",
    { metadata: { env: { ...METADATA.env, secureMode: 1 } } },
    'error env.secureMode: "env.secureMode" must be a boolean, is number',
  ],
  [
    "the ID of another environment",
    { metadata: { env: { ...METADATA.env, envID: "e2" } } },
    'error env.envID: "env.envID" must be the ID in the file\'s name, is "e2"',
  ],
  [
    "a negative cache lifetime",
    { metadata: { env: { ...METADATA.env, defaultTtl: -1 } } },
    'error env.defaultTtl: "env.defaultTtl" must not be negative, is -1',
  ],
  [
    "a key that is not in its list",
    { metadata: { env: { ...METADATA.env, sdkKeys: [{ value: "sdk-other" }] } } },
    'error env.sdkKey: "env.sdkKey" must be among the keys in its array',
  ],
  [
    "a key with a line break",
    { metadata: { env: { ...METADATA.env, mobKey: "mob-1\n" } } },
    'warning env.mobKey: "env.mobKey" holds a character that no client can send: a blank, a line break, or none of ASCII',
  ],
  [
    "no key at all",
    { metadata: { env: { envID: ID } } },
    "warning null: The environment has no SDK key and no mobile key: only clients that use its ID can get flags",
  ],
  [
    "an expired key",
    {
      metadata: {
        env: {
          ...METADATA.env,
          sdkKey: { value: SDK_KEY, expiring: { value: "sdk-old", timestamp: NOW - 1 } },
        },
      },
    },
    'warning env.sdkKey.expiring: "env.sdkKey.expiring" is the SDK key that expired at 2026-10-31T23:59:59.999Z: ' +
    "it is not accepted any more",
  ],
  [
    "an expired key among several",
    {
      metadata: { env: { ...METADATA.env, mobileKeys: [{ value: "mob-1" }, { value: "mob-0", expiry: 0 }] } },
    },
    'warning env.mobileKeys[1]: "env.mobileKeys[1]" is the mobile key that expired at 1970-01-01T00:00:00.000Z: ' +
    "it is not accepted any more",
  ],
  // Values
  [
    "a fraction",
    { flags: { f: flagOf({ version: 3.5 }) } },
    'warning flags.f.version: "version" is 3.5 and served as 3: it must be a whole number',
  ],
  [
    "fractions in a list",
    {
      flags: {
        f: flagOf({
          fallthrough: {
            rollout: { variations: [{ variation: 0, weight: 33_333.3 }, { variation: 1, weight: 66_666.7 }] },
          },
        }),
      },
    },
    'warning flags.f.fallthrough.rollout.variations[0].weight: "fallthrough.rollout.variations[0].weight" is 33333.3 ' +
    "and served as 33333: it must be a whole number; likewise 1 more in the list",
  ],
  [
    "a segment's share that is too large and a fraction",
    {
      segments: {
        s: {
          version: 1,
          rules: [{ clauses: [{ attribute: "a", op: "in", values: [1] }], weight: 100_001.5 }],
        },
      },
    },
    'warning segments.s.rules[0].weight: "rules[0].weight" is 100001.5 and served as 100001: it must be a whole number',
  ],
  [
    "a flag that nests too deep",
    { data: `{"flags":{"f":{"key":"f","version":1,"variations":${"[".repeat(97)}${"]".repeat(97)}}}}` },
    "error flags.f: The flag is left out: it nests deeper than 97 levels",
  ],
  [
    "a number that is infinite",
    { data: '{"segments":{"s":{"key":"s","version":1,"x":1e999}}}' },
    "error segments.s: The segment is left out: it has a number past the range of a double",
  ],
];
