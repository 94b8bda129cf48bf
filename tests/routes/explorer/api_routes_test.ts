import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readArchiveFile } from "../../../lib/cli/archive_file.ts";
import { run } from "../../../lib/cli/mod.ts";
import type { Reason, SegmentTrace, Trace } from "../../../lib/evaluation/mod.ts";
import { describeMembership, describeReason, describeTrace } from "../../../lib/inspection/mod.ts";
import { buildOverlay, parseOverrides } from "../../../lib/load/mod.ts";
import { Snapshot } from "../../../lib/snapshot/mod.ts";
import { Store, type StoredEnvironment } from "../../../lib/store/mod.ts";
import { makeSnapshot, makeStore } from "../../_environments.ts";
import { runs } from "../../_nightly.ts";
import { makeTerminal } from "../../cli/_terminal.ts";
import { DataFile, packArchive } from "../../e2e/_archive.ts";
import { anyContexts } from "../../evaluation/_contexts.ts";
import { anyEnvironments, environments } from "../../evaluation/_generate.ts";
import { mix } from "../../inspection/_mix.ts";
import { TestExplorer } from "./_test_explorer.ts";
import { checkSchema } from "./_schema.ts";

type Json = Record<string, unknown>;

/** An archive as a file for commands, and as what a relay serves of it. */
async function openArchive(
  parts: Parameters<typeof packArchive>[0],
): Promise<DataFile & { served: StoredEnvironment[] }> {
  const file = await DataFile.create(await packArchive(parts));
  const { environments } = await readArchiveFile(file.path);
  const store = new Store(() => 1_000);
  store.replace(
    environments.map(({ id, snapshot, fault }) => snapshot ? { id, snapshot } : { id, fault: fault! }),
  );
  return Object.assign(file, { served: store.environments });
}

function explore(
  served: readonly StoredEnvironment[],
  previous: readonly StoredEnvironment[] = [],
): TestExplorer {
  const store = new Store(() => 1_000);
  store.replace(served.map(({ id, snapshot }) => ({ id, snapshot: snapshot! })));
  return new TestExplorer({ store, previous: new Map(previous.map((one) => [one.id, one])) });
}

/** What a command prints, parsed. */
async function command(...args: string[]): Promise<Json> {
  const terminal = makeTerminal();
  await run([...args, "--json"], terminal);
  assertEquals(terminal.errors, "");
  return JSON.parse(terminal.output);
}

/** Takes away what the API has besides. */
function withoutExtras({ json: _, status: __, ...item }: Json): Json {
  return item;
}

const archives = fc.tuple(
  fc.oneof(environments, anyEnvironments),
  fc.oneof(environments, anyEnvironments),
  fc.array(fc.nat(19), { minLength: 40, maxLength: 40 }),
);

Deno.test("GET environments tells what was served before and is no longer", async () => {
  const { environments } = await makeStore({ e1: {}, e2: { flags: { f: {} } } });
  const explorer = explore(environments.slice(0, 1), environments);
  const answer = await explorer.get("environments") as Json;
  assertEquals([answer["hasPrevious"], (answer["removed"] as Json[]).map(({ id, flags }) => [id, flags])], [
    true,
    [["e2", 1]],
  ]);
  checkSchema("environments", { ...answer, status: STATUS });
});

Deno.test("the API answers what the commands print, on generated archives", async () => {
  await fc.assert(
    fc.asyncProperty(archives, anyContexts, async ([one, two, choices], json) => {
      await using old = await openArchive({ e1: one, e2: two });
      await using now = await openArchive({ e1: mix(one, two, choices), e3: two });
      const explorer = explore(now.served, old.served);

      const inspected = await command("inspect", now.path);
      const listed = await explorer.get("environments") as { environments: Json[] };
      assertEquals(listed.environments.map(withoutExtras), inspected["environments"]);
      checkSchema("environments", { ...listed, status: STATUS });

      const environment = await command("inspect", now.path, "e1");
      const flags = await explorer.get("flags/e1");
      assertEquals(flags, environment);
      checkSchema("flags", flags);
      const items = environment["items"] as { kind: string; key: string }[];
      for (const { key } of items.slice(0, 5)) {
        const { items } = await explorer.get(`flags/e1/${encodeURIComponent(key)}`) as { items: Json[] };
        assertEquals({ items: items.map(withoutExtras) }, await command("inspect", now.path, "e1", key));
        checkSchema("items", { items });
      }

      const context = JSON.parse(JSON.stringify(json));
      const evaluate = ["evaluate", now.path, "e1"];
      const contextArgs = ["--context", JSON.stringify(context)];
      const keys = items.filter(({ kind }) => kind === "flag").map(({ key }) => key);
      for (const why of [false, true]) {
        const all = await explorer.post("evaluate/e1", { context, why });
        assertEquals(all, await command(...evaluate, ...contextArgs, ...why ? ["--why"] : []));
        checkSchema("evaluation", all);
        const worded = await explorer.post("evaluate/e1", { context, why, words: true }) as {
          flags: Json[];
        };
        checkSchema("wordedEvaluation", worded);
        assertEquals({ flags: worded.flags.map(({ words: _, ...flag }) => flag) }, all);
        for (const { reason, trace, words } of worded.flags) {
          assertEquals(words, {
            reason: describeReason(reason as Reason),
            ...why && { trace: describeTrace(trace as Trace) },
          });
        }
        // What other flags have found out changes nothing.
        const asked = keys.slice(-2);
        if (asked.length === 0) continue;
        const some = await explorer.post("evaluate/e1", { context, why, flags: asked }) as { flags: Json[] };
        assertEquals(some.flags, (all as { flags: Json[] }).flags.slice(-asked.length));
      }
      for (const { key } of items.filter(({ kind }) => kind === "segment").slice(0, 3)) {
        const membership = await explorer.post(`segments/e1/${key}`, { context }) as Json;
        checkSchema("membership", membership);
        assertEquals(membership["words"], describeMembership(membership["trace"] as SegmentTrace));
      }
      for (const key of keys.slice(0, 3)) {
        const want = ["--want", "true"];
        const found = await explorer.post("evaluate/e1", { context, flags: [key], want: true });
        assertEquals(found, await command(...evaluate, key, ...contextArgs, ...want));
        checkSchema("evaluation", found);
      }

      const { environments: compared } = await command("diff", old.path, now.path);
      await Deno.writeTextFile(`${now.path}.jsonl`, `${JSON.stringify(context)}\n`);
      const sample = await command("diff", old.path, now.path, "--contexts", `${now.path}.jsonl`);
      for (const id of ["e1", "e2", "e3"]) {
        const sides = { from: { env: id, data: "previous" }, to: { env: id } };
        const shared = await explorer.post("diff", { ...sides, contexts: [context] }) as Json;
        assertEquals(shared["environments"], (compared as Json[]).filter((one) => one["id"] === id));
        assertEquals(
          shared["contexts"],
          (sample["contexts"] as Json[]).filter(({ environment }) => environment === id),
        );
        const difference = await explorer.post("diff", sides) as { environments: Json[]; same: boolean };
        assertEquals(difference.environments, (compared as Json[]).filter((one) => one["id"] === id));
        assertEquals(difference.same, difference.environments[0]!["change"] === "same");
        checkSchema("difference", difference);
        checkSchema("difference", shared);
      }

      const [was, is] = [
        await command("evaluate", old.path, "e1", ...contextArgs),
        await command("evaluate", now.path, "e1", ...contextArgs),
      ].map(({ flags }) =>
        new Map((flags as Json[]).map((flag) => [flag["key"], JSON.stringify(flag["value"])]))
      );
      const served = await explorer.post("diff", {
        from: { env: "e1", data: "previous", context },
        to: { env: "e1", context },
      }) as { flags: Json[]; same: boolean };
      const expected = [...new Set([...was!.keys(), ...is!.keys()])]
        .filter((key) => !isSame(was!.get(key), is!.get(key))).sort();
      assertEquals(served.flags.map(({ key }) => key), expected);
      assertEquals(served.same, expected.length === 0);
      checkSchema("servedDifference", served);
    }),
    { numRuns: runs(8), endOnFailure: true },
  );
});

/** What `GET /status` always has. */
const STATUS = { status: "healthy", version: "1", dataFile: { path: "f" }, trust: { mode: "off" } };

/** Whether two values are the same; a flag that is not there has null. */
function isSame(one = "null", other = "null"): boolean {
  if (one === other) return true;
  try {
    assertEquals(JSON.parse(one), JSON.parse(other));
    return true;
  } catch {
    return false;
  }
}

Deno.test("GET environments has the status and each environment's, those with a fault too", async () => {
  const store = new Store(() => 1_000);
  const { environments: [good] } = await makeStore({ good: { flags: { f: {} } } });
  store.replace([
    { id: "good", snapshot: good!.snapshot!, keptFault: "the newest is malformed" },
    { id: "none", fault: "it is malformed" },
  ]);
  const explorer = new TestExplorer({ store, status: STATUS, limitsReached: { good: 2 } });
  const answer = await explorer.get("environments") as Json;
  assertEquals(answer["status"], STATUS);
  assertEquals(
    (answer["environments"] as Json[]).map(({ id, flags, fault, status }) => ({ id, flags, fault, status })),
    [
      {
        id: "good",
        flags: 1,
        fault: "the newest is malformed",
        status: {
          connected: true,
          since: 1_000,
          fault: "the newest is malformed",
          evaluationLimitsReached: 2,
        },
      },
      {
        id: "none",
        flags: undefined,
        fault: "it is malformed",
        status: { connected: false, since: 1_000, fault: "it is malformed" },
      },
    ],
  );
  checkSchema("environments", answer);
});

Deno.test("GET flags/ENV lists what is served at the moment, whichever list was asked for before", async () => {
  const store = await makeStore({ e1: { flags: { a: {} } }, e2: { flags: { b: {} } } });
  const explorer = new TestExplorer({ store });
  async function listKeys(id: string): Promise<unknown[]> {
    const { items } = await explorer.get(`flags/${id}`) as { items: Json[] };
    return items.map(({ key }) => key);
  }
  assertEquals([await listKeys("e1"), await listKeys("e1"), await listKeys("e2")], [["a"], ["a"], ["b"]]);
  store.replace([{ id: "e2", snapshot: await makeSnapshot("e2", { flags: { c: {} } }) }]);
  assertEquals(await listKeys("e2"), ["c"]);
});

Deno.test("what comes from overrides is marked", async () => {
  const { environments: [served] } = await makeStore({
    e1: { flags: { f: { on: false }, g: {} }, segments: { s: {} } },
  });
  const text = '{"environments":{"e1":{"flagValues":{"f":true}}}}';
  const overrides = await parseOverrides(new TextEncoder().encode(text), "o.json", () => undefined);
  const overlay = await buildOverlay(served!.snapshot!, overrides.get("e1")!, () => undefined);
  const store = new Store();
  store.replace([{ id: "e1", snapshot: Snapshot.from(overlay) }]);
  const explorer = new TestExplorer({ store });
  const { items } = await explorer.get("flags/e1") as { items: Json[] };
  assertEquals(items.map(({ key, on, overridden }) => [key, on, overridden]), [
    ["f", true, true],
    ["g", false, undefined],
    ["s", undefined, undefined],
  ]);
  const [f, g] = await Promise.all(["f", "g"].map(async (key) => {
    const { items: [item] } = await explorer.get(`flags/e1/${key}`) as { items: Json[] };
    checkSchema("items", { items: [item] });
    return item!;
  }));
  assertEquals([f!["overridden"], (f!["json"] as Json)["on"], g!["overridden"]], [true, true, undefined]);
});

Deno.test("what there is no memory for is not evaluated, but what clients have evaluated is", async () => {
  const { environments: served } = await makeStore({ e1: { flags: { f: {} } } });
  const { environments: previous } = await makeStore({ e1: {}, e2: { flags: { f: { on: false } } } });
  const store = new Store();
  store.replace([{ id: "e1", snapshot: served[0]!.snapshot! }]);
  const explorer = new TestExplorer({
    store,
    previous: new Map(previous.map((one) => [one.id, one])),
    memory: 0,
  });
  const context = { kind: "user", key: "ann" };
  const sides = { from: { env: "e2", data: "previous", context }, to: { env: "e1", context } };
  const requests: [path: string, body: Json][] = [
    ["evaluate/e1", { context }],
    ["sdk/e1", { route: "browser", context }],
    ["diff", sides],
    ["diff", { from: { env: "e1", data: "previous" }, to: { env: "e1" }, contexts: [context] }],
  ];
  const refusal = {
    status: 503,
    error: "evaluating this takes more memory than there is",
    hint: "give the relay more, or ask halyard evaluate and halyard diff on another host",
  };
  for (const [path, body] of requests) assertEquals([path, await explorer.post(path, body)], [path, refusal]);
  assertEquals((await explorer.fetch("/explorer/api/flags/e1")).status, 200);
  await served[0]!.snapshot!.compile(() => undefined);
  const { flags } = await explorer.post("evaluate/e1", { context }) as { flags: Json[] };
  assertEquals(flags.map(({ key }) => key), ["f"]);
  assertEquals(await explorer.post("diff", sides), refusal);
});

Deno.test("no more than a few requests are answered at a time", async () => {
  const flags = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`f${i}`, {}]));
  const explorer = new TestExplorer({ store: await makeStore({ e1: { flags } }) });
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => {
    const response = await explorer.fetch("/explorer/api/flags/e1");
    await response.text();
    return response.status;
  }));
  assertEquals(statuses.filter((status) => status === 503).length, 4);
  assertEquals(statuses.filter((status) => status === 200).length, 16);
  assertEquals((await explorer.fetch("/explorer/api/flags/e1")).status, 200);
});
