import { environment, readEnvironment } from "./_environments.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

import { completeCanonical, completeText } from "../../lib/archive/_complete.ts";
import { type Flag, getFlagShape, getSegmentShape, type Segment } from "../../lib/model/mod.ts";
import { withDefaults } from "./_defaults.ts";

type Json = Record<string, unknown>;
type Kind = "flag" | "segment";

/** Every field of every part. */
const CLAUSE = { contextKind: "org", attribute: "/a/b", op: "in", values: [1.50, null, "ü"], negate: true };
const ROLLOUT = {
  kind: "experiment",
  contextKind: "org",
  bucketBy: "key",
  seed: 7,
  variations: [{ variation: 1, weight: 100_000, untracked: true }],
};
const TARGET = { contextKind: "org", variation: 1, values: ["a"] };
const FULL: Record<Kind, Json> = {
  flag: {
    key: "x",
    version: 5,
    deleted: false,
    on: true,
    prerequisites: [{ key: "other", variation: 1 }],
    targets: [TARGET],
    contextTargets: [TARGET],
    rules: [{ id: "r", clauses: [CLAUSE], variation: 1, rollout: ROLLOUT, trackEvents: true }],
    fallthrough: { variation: 1, rollout: ROLLOUT },
    offVariation: 0,
    variations: [{ number: 1.0, none: null }, [null]],
    clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
    clientSide: true,
    salt: "s",
    trackEvents: true,
    trackEventsFallthrough: true,
    debugEventsUntilDate: 1_700_000_000_000,
    excludeFromSummaries: true,
    samplingRatio: 2,
    migration: { checkRatio: 3 },
  },
  segment: {
    key: "x",
    version: 5,
    deleted: false,
    included: ["a"],
    excluded: ["b"],
    includedContexts: [{ contextKind: "org", values: ["a"] }],
    excludedContexts: [{ contextKind: "org", values: ["a"] }],
    salt: "s",
    rules: [{ id: "r", clauses: [CLAUSE], weight: 5, bucketBy: "key", rolloutContextKind: "org" }],
    unbounded: true,
    unboundedContextKind: "org",
    generation: 1,
  },
};

/** Reads one flag or segment out of a data file. */
function read(kind: Kind, text: string): { text: string; value: Json; warnings: string[] } {
  const encoder = new TextEncoder();
  const loaded = readEnvironment(
    "e1",
    encoder.encode('{"env":{"envID":"e1"}}'),
    encoder.encode(`{"${kind}s":{"x":${text}}}`),
  );
  assert("environment" in loaded, "error" in loaded ? loaded.error.message : "");
  const item = loaded.environment.data[`${kind}s`].get("x")!;
  return { text: item.text, value: item.value as unknown as Json, warnings: loaded.warnings ?? [] };
}

/** What a path like `rules[].clauses[].op` leads to in every place, and the objects that hold it. */
function* find(value: unknown, path: string[]): Generator<[holder: Json, name: string]> {
  if (typeof value !== "object" || value === null) return;
  const [name, ...rest] = path;
  const holder = value as Json;
  if (rest.length === 0) yield [holder, name!];
  else if (!name!.endsWith("[]")) yield* find(holder[name!], rest);
  else for (const element of holder[name!.slice(0, -2)] as unknown[] ?? []) yield* find(element, rest);
}

/** Lists all paths to fields of a part. */
function* listPaths(value: Json, prefix = ""): Generator<string> {
  for (const [name, inner] of Object.entries(value)) {
    yield prefix + name;
    if (name === "values" || name === "variations" && prefix === "") continue;
    if (Array.isArray(inner) && typeof inner[0] === "object") {
      yield* listPaths(inner[0], `${prefix}${name}[].`);
    } else if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      yield* listPaths(inner as Json, `${prefix}${name}.`);
    }
  }
}

const CLAUSE_FIELDS = ["attribute", "op", "values", "negate"];

/** What an SDK refuses to do without: it throws the whole environment away. From each SDK's decoder. */
const NEEDED: Record<Kind, Record<string, string[]>> = {
  flag: {
    Rust: [
      ...["key", "on", "targets", "rules", "prerequisites", "fallthrough", "variations", "salt"],
      ...["prerequisites[].key", "prerequisites[].variation", "targets[].values", "targets[].variation"],
      ...["rules[].clauses", "rules[].trackEvents"],
      ...["attribute", "op", "values"].map((name) => `rules[].clauses[].${name}`),
      ...["fallthrough.rollout.variations", "rules[].rollout.variations"],
      ...["variation", "weight"].map((name) => `rules[].rollout.variations[].${name}`),
      ...["clientSideAvailability.usingMobileKey", "clientSideAvailability.usingEnvironmentId"],
    ],
    Haskell: [
      ...[
        "version",
        "on",
        "trackEvents",
        "trackEventsFallthrough",
        "deleted",
        "prerequisites",
        "salt",
        "targets",
      ],
      ...["rules", "fallthrough", "variations", "rules[].clauses", "rules[].trackEvents"],
      ...CLAUSE_FIELDS.map((name) => `rules[].clauses[].${name}`),
    ],
    PHP: [
      ...["on", "salt", "deleted", "fallthrough", "offVariation"],
      ...CLAUSE_FIELDS.map((name) => `rules[].clauses[].${name}`),
      ...["targets[].values", "targets[].variation", "contextTargets[].values", "contextTargets[].variation"],
    ],
    Python: [
      ...["prerequisites[].key", "prerequisites[].variation", "targets[].variation", "targets[].values"],
      ...[
        "rules[].clauses",
        "rules[].clauses[].attribute",
        "rules[].clauses[].op",
        "rules[].clauses[].values",
      ],
      ...["fallthrough.rollout.variations[].variation", "fallthrough.rollout.variations[].weight"],
    ],
  },
  segment: {
    Rust: [
      ...["key", "included", "excluded", "rules", "salt", "version", "rules[].clauses"],
      ...["includedContexts[].values", "includedContexts[].contextKind", "excludedContexts[].contextKind"],
    ],
    Haskell: [
      "included",
      "includedContexts",
      "excluded",
      "excludedContexts",
      "salt",
      "rules",
      "deleted",
      "rules[].id",
    ],
    PHP: ["included", "excluded", "salt", "rules", "deleted", "rules[].clauses[].negate"],
    Python: ["rules[].clauses", "includedContexts[].values"],
  },
};

/** What may be null for the SDK that is strictest about it, Go's, whose reader is the Relay Proxy's too; but no array, for Python. */
const MAY_BE_NULL: Record<Kind, RegExp> = {
  flag:
    /^(offVariation|debugEventsUntilDate|migration|(rules\[\]|fallthrough)\.(variation|rollout|rollout\.(seed|bucketBy)))$/,
  segment: /^(generation|rules\[\]\.(weight|bucketBy))$/,
};

/** What the Relay Proxy 8.10.1 sends for a field that is left out, seen on its wire. */
const RELAY_PROXY: Record<Kind, Json> = {
  flag: {
    "deleted": false,
    "on": false,
    "prerequisites": [],
    "targets": [],
    "contextTargets": [],
    "rules": [],
    "fallthrough": {},
    "offVariation": null,
    "variations": [],
    "clientSide": true, // since `clientSideAvailability` says so
    "salt": "",
    "trackEvents": false,
    "trackEventsFallthrough": false,
    "prerequisites[].key": "",
    "prerequisites[].variation": 0,
    "targets[].variation": 0,
    "targets[].values": [],
    "contextTargets[].variation": 0,
    "contextTargets[].values": [],
    "rules[].clauses": [],
    "rules[].trackEvents": false,
    "rules[].clauses[].attribute": "",
    "rules[].clauses[].op": "",
    "rules[].clauses[].values": [],
    "rules[].clauses[].negate": false,
    "rules[].rollout.variations[].variation": 0,
    "rules[].rollout.variations[].weight": 0,
    "clientSideAvailability.usingMobileKey": false,
    "clientSideAvailability.usingEnvironmentId": false,
  },
  segment: {
    "deleted": false,
    "included": [],
    "excluded": [],
    "includedContexts": [],
    "excludedContexts": [],
    "salt": "",
    "rules": [],
    "includedContexts[].values": [],
    "rules[].id": "",
    "rules[].clauses": [],
    "rules[].clauses[].values": [],
  },
};

for (const kind of ["flag", "segment"] as const) {
  const paths = [...listPaths(FULL[kind])];

  Deno.test(`readEnvironment() leaves the text of a complete ${kind} byte for byte`, () => {
    const text = JSON.stringify(FULL[kind])
      .replace('"s"', '"\\u0073\\/", "big":12345678901234567890.123e5, "\\u006fn" :  1.0')
      .replace(', "big"', ',"big"').replace(
        ', "\\u006fn" :  1.0',
        ',"list":[1.0,{"version":1.0,"weight":null}]',
      );
    assertEquals(read(kind, text).text, text);
    assertEquals(read(kind, JSON.stringify(FULL[kind], null, 2)).text, JSON.stringify(FULL[kind]));
  });

  Deno.test(`readEnvironment() gives SDKs all they need of a ${kind}, whichever field is left out or null`, () => {
    let count = 0;
    for (const path of paths) {
      if (path === "key" || path === "version") continue;
      for (const isNull of [false, true]) {
        const item = JSON.parse(JSON.stringify(FULL[kind]));
        for (const [holder, name] of find(item, path.split("."))) {
          if (isNull) holder[name] = null;
          else delete holder[name];
        }
        const { value, text } = read(kind, JSON.stringify(item));
        const what = `${path} ${isNull ? "null" : "left out"}`;
        assertEquals(value, withDefaults(kind, item), what);
        assertEquals(JSON.parse(text), value, what);
        for (const [sdk, needed] of Object.entries(NEEDED[kind])) {
          for (const other of needed) {
            for (const [holder, name] of find(value, other.split("."))) {
              assert(Object.hasOwn(holder, name), `${sdk} lacks ${other} where ${what}`);
            }
          }
        }
        for (const other of paths) {
          if (MAY_BE_NULL[kind].test(other)) continue;
          for (const [holder, name] of find(value, other.split("."))) {
            assert(holder[name] !== null, `${other} is null where ${what}`);
          }
        }
        const expected = RELAY_PROXY[kind][path];
        for (const [holder, name] of find(value, path.split("."))) {
          if (expected !== undefined && Object.hasOwn(holder, name)) {
            assertEquals(holder[name], expected, what);
          }
        }
        count++;
      }
    }
    assert(count > 30);
  });

  Deno.test(`readEnvironment() changes nothing else of a ${kind} than what SDKs need`, () => {
    const some = fc.subarray(paths.filter((path) => path !== "key" && path !== "version"));
    fc.assert(fc.property(some, some, fc.jsonValue({ maxDepth: 2 }), (absent, nulls, unknown) => {
      const item = JSON.parse(JSON.stringify(FULL[kind]));
      item["from the future"] = unknown;
      for (const path of absent) {
        for (const [holder, name] of find(item, path.split("."))) delete holder[name];
      }
      for (const path of nulls) {
        for (const [holder, name] of find(item, path.split("."))) {
          if (Object.hasOwn(holder, name)) holder[name] = null;
        }
      }
      const { value, text } = read(kind, JSON.stringify(item));
      assertEquals(value, withDefaults(kind, JSON.parse(JSON.stringify(item))));
      // What is complete stays, so it stays when it is read again.
      assertEquals(read(kind, text).text, text);
      const order = Object.keys(item).filter((name) => Object.hasOwn(value, name));
      assertEquals(Object.keys(value).slice(0, order.length), order);
    }));
  });
}

/** Every whole number of a flag and a segment, and where it is. */
const WHOLE: Record<Kind, string[]> = {
  flag: [
    ...["version", "offVariation", "debugEventsUntilDate", "samplingRatio", "migration.checkRatio"],
    ...[
      "prerequisites[].variation",
      "targets[].variation",
      "contextTargets[].variation",
      "rules[].variation",
    ],
    ...["rules[].rollout.seed", "rules[].rollout.variations[].variation", "fallthrough.variation"],
    ...["fallthrough.rollout.variations[].weight"],
  ],
  segment: ["version", "generation", "rules[].weight"],
};

/** Spellings of numbers and what the Relay Proxy sends for them. */
const SPELLINGS: [spelling: string, sent: string, isCut: boolean][] = [
  ["3", "3", false],
  ["3.5", "3", true],
  ["33333.3", "33333", true],
  ["-2.7", "-2", true],
  ["0.9999999999", "0", true],
  ["-0.5", "0", true],
  ["1E-7", "0", true],
  ["1.0", "1", false],
  ["1e3", "1000", false],
  ["1.5E+1", "15", false],
  ["-0", "0", false],
  ["9007199254740991", "9007199254740991", false],
];

for (const [spelling, sent, isCut] of SPELLINGS) {
  Deno.test(`readEnvironment() sends ${sent} for ${spelling} in every whole number${isCut ? ", with a warning" : ""}`, () => {
    for (const kind of ["flag", "segment"] as const) {
      for (const path of WHOLE[kind]) {
        const item = JSON.parse(JSON.stringify(FULL[kind]));
        for (const [holder, name] of find(item, path.split("."))) holder[name] = "<here>";
        const json = JSON.stringify(item);
        const { text, value, warnings } = read(kind, json.replaceAll('"<here>"', spelling));
        assertEquals(text, json.replaceAll('"<here>"', sent));
        assertEquals(value, JSON.parse(text));
        const field = path.replaceAll("[]", "[0]");
        assertEquals(
          warnings,
          isCut
            ? [
              `Environment "e1": ${kind} "x" is served with ${sent} for ${
                Number(spelling)
              } in "${field}", a whole number`,
            ]
            : [],
        );
      }
    }
  });
}

Deno.test("readEnvironment() cuts the fraction of a tombstone's version and leaves the rest of it", () => {
  const { text } = read("flag", '{"version":2.5,"deleted":true,"on":null,"rules":1.5}');
  assertEquals(text, '{"version":2,"deleted":true,"on":null,"rules":1.5}');
});

Deno.test("readEnvironment() leaves numbers that are no field's alone", () => {
  const text = JSON.stringify({ ...FULL.flag, variations: ["<x>"] }).replace(
    '"<x>"',
    '{"version":1.0,"weight":2e0}',
  );
  assertEquals(read("flag", text).text, text);
});

Deno.test("readEnvironment() tells SDKs that know clientSide alone what clientSideAvailability says", () => {
  for (const isNull of [false, true]) {
    for (const usingEnvironmentId of [false, true, null]) {
      const { clientSide: _, ...flag } = FULL.flag;
      const item = {
        ...flag,
        ...isNull && { clientSide: null },
        clientSideAvailability: { usingEnvironmentId },
      };
      const { value } = read("flag", JSON.stringify(item));
      assertEquals(value.clientSide ?? false, usingEnvironmentId ?? false);
    }
  }
});

Deno.test("readEnvironment() keeps the last of a field that is there twice, wherever it is and whatever it was", () => {
  const values = ["null", "1.5", '"]}"', "[]", "{}", "[null]", "[1,{}]", '[["\\""]]', '{"on":[{}]}'];
  for (const kind of ["flag", "segment"] as const) {
    for (const path of listPaths(FULL[kind])) {
      const item = JSON.parse(JSON.stringify(FULL[kind]));
      const name = path.split(".").at(-1)!;
      for (const [holder, name] of find(item, path.split("."))) {
        const value = holder[name];
        delete holder[name];
        holder["<twice>"] = value;
      }
      const json = JSON.stringify(item);
      const once = json.replaceAll('"<twice>"', `"${name}"`);
      for (const value of values) {
        const twice = json.replaceAll(
          '"<twice>"',
          `"${name}":${value},"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`,
        );
        const { text, value: read_ } = read(kind, twice);
        assertEquals(read_, JSON.parse(once), path);
        assertEquals(JSON.parse(text), read_);
        assertEquals(text.length, once.length + 5 * (twice.match(/\\u00/g)?.length ?? 0), path);
      }
    }
  }
});

Deno.test("completeCanonical() completes as completeText() does what JSON.stringify writes", () => {
  fc.assert(fc.property(environment, ({ data }) => {
    for (const { text } of [...data.flags.values(), ...data.segments.values()]) {
      const value = JSON.parse(text);
      const canonical = JSON.stringify(value);
      for (const shape of [getFlagShape(value as Flag), getSegmentShape(value as Segment)]) {
        assertEquals(completeCanonical(value, canonical, shape), completeText(canonical, shape));
      }
    }
  }));
});
