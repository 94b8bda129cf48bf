import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { OutputOptions } from "../../../lib/evaluation/mod.ts";
import { parseContext } from "../../../lib/model/mod.ts";
import { Evaluations } from "../../../lib/routes/mod.ts";
import { prepareFdv1Channels } from "./_client_channel.ts";
import { anyContexts } from "../../evaluation/_contexts.ts";
import { anyEnvironments, FLAG_KEYS } from "../../evaluation/_generate.ts";
import { type EnvironmentParts, makeLog, makeSnapshot, text } from "../../_environments.ts";

type Json = Record<string, unknown>;

const BROWSER: OutputOptions = { audience: "environmentId", withReasons: false };
const EVERYWHERE = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };
const MOBILE_ONLY = { clientSideAvailability: { usingEnvironmentId: false, usingMobileKey: true } };

/** A flag that everybody sees. */
function flag(version: number, fields: Json = {}): Json {
  return {
    version,
    on: true,
    variations: ["no", "yes"],
    fallthrough: { variation: 0 },
    ...EVERYWHERE,
    ...fields,
  };
}

/** So many, and so long, that telling of changes to the rest is shorter than a `put`. */
const BALLAST = Object.fromEntries(
  Array.from({ length: 9 }, (_, i) => [`z${i}`, flag(1, { variations: ["x".repeat(1_000)] })]),
);

/** What the stream of user "u" is sent as its environment goes through states; of a `put`, the name alone. */
async function follow(states: EnvironmentParts[], options = BROWSER): Promise<(string | undefined)[]> {
  const channel = prepareFdv1Channels()(
    { kind: "user", key: "u" },
    options,
  );
  const [first, ...rest] = states.map((parts) => ({ ...parts, flags: { ...parts.flags, ...BALLAST } }));
  const sent: (string | undefined)[] = [];
  let snapshot = await makeSnapshot("e1", first);
  for (const parts of rest) {
    const next = await makeSnapshot("e1", parts, snapshot);
    const bytes = await channel.update(snapshot, next);
    const events = bytes && text(bytes);
    sent.push(events?.startsWith("event: put\n") ? "put" : events);
    snapshot = next;
  }
  return sent;
}

function patch(rest: string): string {
  return `event: patch\ndata: {"key":"f",${rest}}\n\n`;
}

function erase(version: number): string {
  return `event: delete\ndata: {"key":"f","version":${version}}\n\n`;
}

const YES = { fallthrough: { variation: 1 } };
const NO_2 = patch('"value":"no","variation":0,"version":2');
const YES_2 = patch('"value":"yes","variation":1,"version":2');

function inSegment(...values: string[]): Json {
  return { rules: [{ variation: 1, clauses: [{ op: "segmentMatch", values }] }] };
}

function needs(key: string): Json {
  return { prerequisites: [{ key, variation: 1 }] };
}

const MEMBER = { included: ["u"] };

// States that one stream goes through, and what is sent from the second on.
const CASES: [what: string, states: EnvironmentParts[], sent: (string | undefined)[]][] = [
  ["nothing when nothing changes", [{ flags: { f: flag(1) } }, { flags: { f: flag(1) } }], [undefined]],
  ["a patch for another value", [{ flags: { f: flag(1) } }, { flags: { f: flag(2, YES) } }], [YES_2]],
  ["a patch for another version", [{ flags: { f: flag(1) } }, { flags: { f: flag(2) } }], [NO_2]],
  [
    "a patch with all that tracking needs",
    [{ flags: { f: flag(1) } }, {
      flags: { f: flag(2, { trackEvents: true, trackEventsFallthrough: true, debugEventsUntilDate: 9 }) },
    }],
    [patch(
      '"value":"no","variation":0,"version":2,"trackEvents":true,"trackReason":true,' +
        '"reason":{"kind":"FALLTHROUGH"},"debugEventsUntilDate":9',
    )],
  ],
  ["a patch for a new flag", [{}, { flags: { f: flag(2) } }], [NO_2]],
  ["a delete with the next version", [{ flags: { f: flag(1) } }, {}], [erase(2)]],
  [
    "a delete with the archive's own version",
    [{ flags: { f: flag(1) } }, { flags: { f: { version: 9, deleted: true } } }],
    [erase(9)],
  ],
  ["nothing for a flag that it does not see", [{}, { flags: { f: flag(1, MOBILE_ONLY) } }, {}], [
    undefined,
    undefined,
  ]],
  [
    "a delete and a patch as a flag goes out of sight and comes back",
    [
      { flags: { f: flag(1) } },
      { flags: { f: flag(5, MOBILE_ONLY) } },
      { flags: { f: flag(6, MOBILE_ONLY) } },
      { flags: { f: flag(7) } },
    ],
    [erase(5), undefined, patch('"value":"no","variation":0,"version":7')],
  ],
  [
    "a put when a flag comes back at its tombstone",
    [{ flags: { f: flag(1) } }, { flags: { f: flag(1, MOBILE_ONLY) } }, { flags: { f: flag(2) } }],
    [erase(2), "put"],
  ],
  ["a put for a version that falls", [{ flags: { f: flag(2) } }, { flags: { f: flag(1) } }], ["put"]],
  [
    "a put for another value of the same version",
    [{ flags: { f: flag(1) } }, { flags: { f: flag(1, YES) } }],
    ["put"],
  ],
  [
    "nothing for another rule of the same version that comes to the same",
    [{ flags: { f: flag(1) } }, { flags: { f: flag(1, inSegment("s")) } }],
    [undefined],
  ],
  [
    "a put for another value through a segment in a segment",
    [
      { flags: { f: flag(1, inSegment("s")) }, segments: { s: { ...inSegment("t") }, t: {} } },
      {
        flags: { f: flag(1, inSegment("s")) },
        segments: { s: { ...inSegment("t") }, t: { version: 2, ...MEMBER } },
      },
    ],
    ["put"],
  ],
  [
    "nothing for a segment that it is not in",
    [
      { flags: { f: flag(1, inSegment("s")) }, segments: { s: {} } },
      { flags: { f: flag(1, inSegment("s")) }, segments: { s: { version: 2, included: ["other"] } } },
    ],
    [undefined],
  ],
  [
    "a put for another value through a prerequisite's prerequisite",
    [
      {
        flags: {
          f: flag(1, { ...YES, ...needs("g"), offVariation: 0 }),
          g: flag(1, { ...YES, ...needs("h") }),
          h: flag(1),
        },
      },
      {
        flags: {
          f: flag(1, { ...YES, ...needs("g"), offVariation: 0 }),
          g: flag(1, { ...YES, ...needs("h") }),
          h: flag(2, YES),
        },
      },
    ],
    ["put"],
  ],
  [
    "a patch with prerequisites, though it does not see them",
    [
      { flags: { f: flag(1, YES), g: flag(1, { ...YES, ...MOBILE_ONLY }) } },
      { flags: { f: flag(2, { ...YES, ...needs("g") }), g: flag(1, { ...YES, ...MOBILE_ONLY }) } },
    ],
    [patch('"value":"yes","variation":1,"version":2,"prerequisites":["g"]')],
  ],
];

for (const [what, states, sent] of CASES) {
  Deno.test(`client channels send ${what}`, async () => assertEquals(await follow(states), sent));
}

Deno.test("client channels send reasons to those who asked for them, and what only they see", async () => {
  const ruled = { rules: [{ id: "r", variation: 0 }] };
  const states = [{ flags: { f: flag(1) } }, { flags: { f: flag(1, ruled) } }, {
    flags: { f: flag(2, ruled) },
  }];
  assertEquals(await follow(states), [undefined, NO_2]);
  assertEquals(await follow(states, { ...BROWSER, withReasons: true }), [
    "put",
    patch(
      '"value":"no","variation":0,"version":2,"reason":{"kind":"RULE_MATCH","ruleIndex":0,"ruleId":"r"}',
    ),
  ]);
});

Deno.test("client channels send mobile clients what they see", async () => {
  const states = [{ flags: { f: flag(1, MOBILE_ONLY) } }, { flags: { f: flag(2, MOBILE_ONLY) } }];
  assertEquals(await follow(states, { ...BROWSER, audience: "mobile" }), [NO_2]);
  assertEquals(await follow(states), [undefined]);
});

Deno.test("client channels send a put where most has changed and it is shorter", async () => {
  const flags = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, flag(1)]));
  const channel = prepareFdv1Channels()(
    { kind: "user", key: "u" },
    BROWSER,
  );
  const [before, after] = [
    await makeSnapshot("e1", { flags }),
    await makeSnapshot("e1", { flags: { f: flag(1) } }),
  ];
  assertEquals(
    text((await channel.update(before, after))!),
    'event: put\ndata: {"f":{"value":"no","variation":0,"version":1}}\n\n',
  );
});

Deno.test("client channels keep keys that must be escaped", async () => {
  const states = [{}, { flags: { 'a"/ü': flag(1) } }];
  assertEquals(await follow(states), [
    'event: patch\ndata: {"key":"a\\"/ü","value":"no","variation":0,"version":1}\n\n',
  ]);
});

/** An environment, and how its flags and segments change: some come from another one, with versions that rise or do not. */
const changes = fc.tuple(
  anyEnvironments,
  fc.array(
    fc.tuple(
      anyEnvironments,
      fc.subarray([...FLAG_KEYS, "s0", "s1", "s2", "s3"]),
      fc.integer({ min: -1, max: 5 }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
);

/** Takes the flags and segments with some keys from another environment, each in a version that differs by so much. */
function change(
  parts: EnvironmentParts,
  other: EnvironmentParts,
  keys: string[],
  by: number,
): EnvironmentParts {
  function mix(mine: Record<string, Json> = {}, theirs: Record<string, Json> = {}): Record<string, Json> {
    const changed = keys.filter((key) => key in theirs && key in mine);
    return {
      ...mine,
      ...Object.fromEntries(
        changed.map((key) => [key, { ...theirs[key], version: (mine[key]!.version as number) + by }]),
      ),
    };
  }
  return { flags: mix(parts.flags, other.flags), segments: mix(parts.segments, other.segments) };
}

/** Does to results what a client does that gets these events. */
function apply(results: Record<string, Json>, events: string): Record<string, Json> {
  for (const [, event, data] of events.matchAll(/^event: (.*)\ndata: (.*)$/gm)) {
    const { key, ...result } = JSON.parse(data!);
    if (event === "put") results = JSON.parse(data!);
    else if (event === "delete") delete results[key];
    else results[key] = result;
  }
  return results;
}

Deno.test("client channels bring a client to what a new one gets, whatever has changed", async () => {
  const options: OutputOptions = { audience: "server", withReasons: true };
  await fc.assert(
    fc.asyncProperty(changes, anyContexts, async ([first, steps], json) => {
      const context = parseContext(json);
      const evaluations = new Evaluations(makeLog());
      const channel = prepareFdv1Channels()(json, options);
      let parts: EnvironmentParts = JSON.parse(JSON.stringify(first));
      let snapshot = await makeSnapshot("e1", parts);
      let results = JSON.parse((await evaluations.evaluateAll(snapshot, context, options)).text);
      for (const [other, keys, by] of steps) {
        parts = change(parts, JSON.parse(JSON.stringify(other)), keys, by);
        const next = await makeSnapshot("e1", parts, snapshot);
        const bytes = await channel.update(snapshot, next);
        if (bytes) results = apply(results, text(bytes));
        assertEquals(results, JSON.parse((await evaluations.evaluateAll(next, context, options)).text));
        snapshot = next;
      }
    }),
    { numRuns: 40 },
  );
});
