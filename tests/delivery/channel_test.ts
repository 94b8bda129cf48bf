import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Channel, PING_CHANNEL, prepareServerChannels } from "../../lib/delivery/mod.ts";
import { buildSnapshot, type Snapshot } from "../../lib/snapshot/mod.ts";
import { type EnvironmentParts, makeEnvironment, makeSnapshot, text } from "../_environments.ts";

/** So long that telling of changes to the rest is shorter than a `put`. */
const BALLAST = { salt: "x".repeat(2_000) };

function snapshotOf(parts: EnvironmentParts, previous?: Snapshot): Promise<Snapshot> {
  return makeSnapshot("e1", { ...parts, flags: { ...parts.flags, ballast: BALLAST } }, previous);
}

/** What one stream is sent as its environment goes through states: frames, or `put`, or nothing. */
async function follow(channel: Channel, states: EnvironmentParts[]): Promise<(string | undefined)[]> {
  const sent: (string | undefined)[] = [];
  let snapshot = await snapshotOf(states[0]!);
  for (const state of states.slice(1)) {
    const next = await snapshotOf(state, snapshot);
    const bytes = await channel.update(snapshot, next);
    sent.push(bytes && bytes === next.all.put || bytes === next.flags.put ? "put" : bytes && text(bytes));
    snapshot = next;
  }
  return sent;
}

function patch(path: string, data: string): string {
  return `event: patch\ndata: {"path":"${path}","data":${data}}\n\n`;
}

function erase(path: string, version: number): string {
  return `event: delete\ndata: {"path":"${path}","version":${version}}\n\n`;
}

const F = { key: "f" };
const F1 = '{"key":"f","version":1}';
const F2 = '{"key":"f","version":2}';
const S2 = '{"key":"s","version":2}';

// States that one stream goes through, and what is sent to `/all` and to `/flags` from the second on.
const CASES: [
  what: string,
  states: EnvironmentParts[],
  all: (string | undefined)[],
  flags: (string | undefined)[],
][] = [
  ["nothing when nothing changes", [{ flags: { f: F } }, { flags: { f: F } }], [undefined], [undefined]],
  [
    "nothing when only a name changes",
    [{ flags: { f: F } }, { flags: { f: F }, env: { envName: "x" } }],
    [undefined],
    [undefined],
  ],
  [
    "a patch for a new flag",
    [{}, { flags: { f: F } }],
    [patch("/flags/f", F1)],
    [patch("/f", F1)],
  ],
  [
    "a patch for a changed flag",
    [{ flags: { f: F } }, { flags: { f: { version: 2 } } }],
    [patch("/flags/f", F2)],
    [patch("/f", F2)],
  ],
  [
    "a patch for a changed segment, not to those who get flags alone",
    [{ segments: { s: {} } }, { segments: { s: { version: 2 } } }],
    [patch("/segments/s", S2)],
    [undefined],
  ],
  [
    "a delete with the next version",
    [{ flags: { f: { version: 7 } }, segments: { s: {} } }, {}],
    [erase("/flags/f", 8) + erase("/segments/s", 2)],
    [erase("/f", 8)],
  ],
  [
    "a delete with the archive's own version",
    [{ flags: { f: F } }, { flags: { f: { version: 9, deleted: true } } }],
    [erase("/flags/f", 9)],
    [erase("/f", 9)],
  ],
  [
    "everything at once, segments first and what is gone last",
    [{ flags: { gone: {} }, segments: { s: {} } }, { flags: { f: F }, segments: { s: { version: 2 } } }],
    [patch("/segments/s", S2) + patch("/flags/f", F1) + erase("/flags/gone", 2)],
    [patch("/f", F1) + erase("/gone", 2)],
  ],
  [
    "a put for a version that falls",
    [{ flags: { f: { version: 2 } } }, { flags: { f: F } }],
    ["put"],
    ["put"],
  ],
  [
    "a put for a version that stays",
    [{ flags: { f: F } }, { flags: { f: { on: true } } }],
    ["put"],
    ["put"],
  ],
  [
    "a put for one change that cannot be told among others that can",
    [{ flags: { f: F }, segments: { s: {} } }, {
      flags: { f: { version: 2 } },
      segments: { s: { salt: "" } },
    }],
    ["put"],
    [patch("/f", F2)],
  ],
  [
    "a put for a flag that comes back at its tombstone, which the put forgets",
    [{ flags: { f: F } }, {}, { flags: { f: { version: 2 } } }, {}, { flags: { f: { version: 4 } } }],
    [erase("/flags/f", 2), "put", erase("/flags/f", 3), patch("/flags/f", '{"key":"f","version":4}')],
    [erase("/f", 2), "put", erase("/f", 3), patch("/f", '{"key":"f","version":4}')],
  ],
  [
    "a put after which what was deleted before may come back in any version",
    [
      { flags: { f: { version: 5 }, g: { version: 2 } } },
      { flags: { g: { version: 2 } } },
      { flags: { g: {} } },
      { flags: { g: {}, f: F } },
    ],
    [erase("/flags/f", 6), "put", patch("/flags/f", F1)],
    [erase("/f", 6), "put", patch("/f", F1)],
  ],
  [
    "a patch for a flag that moves to another key, and a delete for the old one",
    [{ flags: { g: {} } }, { flags: { f: F } }],
    [patch("/flags/f", F1) + erase("/flags/g", 2)],
    [patch("/f", F1) + erase("/g", 2)],
  ],
  [
    "keys as they are, but for what JSON escapes",
    [{}, { flags: { 'a"/ü b': {} } }],
    [patch('/flags/a\\"/ü b', '{"key":"a\\"/ü b","version":1}')],
    [patch('/a\\"/ü b', '{"key":"a\\"/ü b","version":1}')],
  ],
];

for (const [what, states, all, flags] of CASES) {
  Deno.test(`server channels send ${what}`, async () => {
    assertEquals(await follow(prepareServerChannels("all")(), states), all);
    assertEquals(await follow(prepareServerChannels("flags")(), states), flags);
  });
}

Deno.test("server channels send the archive's own JSON", async () => {
  const environment = makeEnvironment("e1", { flags: { ballast: BALLAST, f: F } });
  const spelling = '{"key":"f","version":1.0,"new":"\\u00fc"}';
  environment.data.flags.get("f")!.text = spelling;
  const after = buildSnapshot(environment);
  environment.data.flags.delete("f");
  const before = buildSnapshot(environment);
  const bytes = await prepareServerChannels("all")().update(before, after);
  assertEquals(text(bytes!), patch("/flags/f", spelling));
});

Deno.test("server channels begin with the snapshot's put, and send it where changes one by one are longer", async () => {
  const flags = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, {}]));
  const [before, after] = [
    await makeSnapshot("e1", { flags }),
    await makeSnapshot("e1", { flags: { f: F } }),
  ];
  for (const kind of ["all", "flags"] as const) {
    const channel = prepareServerChannels(kind)();
    assertStrictEquals(await channel.begin(before), before[kind].put);
    assertStrictEquals(await channel.update(before, after), after[kind].put);
  }
});

Deno.test("server channels bring a stream past states that it has not seen", async () => {
  const [a, b, c] = [
    await snapshotOf({ flags: { f: { version: 1 } } }),
    await snapshotOf({ flags: { f: { version: 3 } } }),
    await snapshotOf({ flags: { f: { version: 2 } } }),
  ];
  const open = prepareServerChannels("all");
  const [all, some] = [open(), open()];
  assertEquals(text((await all.update(a, b))!), patch("/flags/f", '{"key":"f","version":3}'));
  assertStrictEquals(await all.update(b, c), c.all.put);
  assertEquals(text((await some.update(a, c))!), patch("/flags/f", F2));
});

Deno.test("server channels share bytes among streams, and keep tombstones apart", async () => {
  const [a, b, c] = [
    await snapshotOf({ flags: { f: F } }),
    await snapshotOf({}),
    await snapshotOf({ flags: { f: { version: 2 } } }),
  ];
  const open = prepareServerChannels("all");
  const [first, second, late] = [open(), open(), open()];
  assertStrictEquals(await first.update(a, b), await second.update(a, b));
  assertStrictEquals(await first.update(b, c), c.all.put);
  assertEquals(text((await late.update(b, c))!), patch("/flags/f", F2));
});

Deno.test("PING_CHANNEL pings at the beginning and at each change", async () => {
  const before = await makeSnapshot("e1");
  const renamed = await makeSnapshot("e1", { env: { envName: "x" } }, before);
  const after = await makeSnapshot("e1", { segments: { s: {} } }, renamed);
  const ping = "event: ping\ndata:  \n\n";
  assertEquals(text(await PING_CHANNEL.begin(before)), ping);
  assertEquals(await PING_CHANNEL.update(before, renamed), undefined);
  assertEquals(text((await PING_CHANNEL.update(renamed, after))!), ping);
});
