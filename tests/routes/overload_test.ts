import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeSnapshot, makeStore } from "../_environments.ts";
import { makeRelay, type TestRelay } from "../http/_relay.ts";
import { RecordingMeter } from "../_meter.ts";

/** As in docs/limits.md. */
const [MAX_EVALUATIONS, MAX_WAIT] = [2000, 1000];

/** Length of a slice and more: ms. */
const SLICE = 6;

const FLAG = {
  on: true,
  variations: ["a", "b"],
  fallthrough: { variation: 0 },
  clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
};
/** A pattern that makes a context of many texts take too many steps. */
const ENDLESS = {
  ...FLAG,
  rules: [{
    clauses: [{
      attribute: "x",
      op: "matches",
      values: Array.from({ length: 100 }, (_, i) => `^b{1000}${i}`),
    }],
    variation: 1,
  }],
};
const CONTEXT = btoa('{"kind":"user","key":"u"}');
const POLL = `/sdk/evalx/e1/contexts/${CONTEXT}`;
const OFREP = "/ofrep/v1/evaluate/flags";

type Flags = Record<string, Record<string, unknown>>;

/** A relay on a clock that stands still. */
interface StillRelay extends TestRelay {
  /** Number of requests that were turned away, by reason. */
  shed(): Record<string, number>;
  /** Lets time pass: ms. */
  pass(ms: number): void;
  /** Has somebody wait for a turn, so that for as long as the test does not wait itself, all others do. */
  hold(): Promise<void>;
  /** Polls as often as there is room, and returns the answers to come. */
  fill(): Promise<Response>[];
  /** Replaces the flags. */
  reload(flags: Flags): Promise<void>;
}

function overloadTest(
  name: string,
  run: (relay: StillRelay) => Promise<void>,
  flags: Flags = { f: FLAG },
): void {
  Deno.test(name, async () => {
    const meter = new RecordingMeter();
    const store = await makeStore({ e1: { flags } });
    const relay = makeRelay(store, undefined, { meter });
    const { fetch, evaluations, delivery } = relay;
    await fetch(POLL);
    // On a busy machine it took more than a slice, and its turn ends a little later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { now } = performance;
    let time = now.call(performance);
    performance.now = () => time;
    function pass(ms: number): void {
      time += ms;
    }
    async function hold(): Promise<void> {
      const turn = await evaluations.enter(store.get("e1")!.snapshot!);
      pass(SLICE);
      await turn!();
    }
    function fill(): Promise<Response>[] {
      const answers: Promise<Response>[] = [];
      while (!evaluations.isFull) answers.push(fetch(POLL));
      return answers;
    }
    async function reload(flags: Flags): Promise<void> {
      store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags }) }]);
      await delivery.update();
    }
    function shed(): Record<string, number> {
      const series = /^halyard_requests_shed_total\{reason="(.*)"\}$/;
      return Object.fromEntries(
        Object.entries(meter.counted).flatMap(([name, count]) => {
          const reason = series.exec(name)?.[1];
          return reason === undefined ? [] : [[reason, count]];
        }),
      );
    }
    try {
      await run({ ...relay, pass, hold, fill, reload, shed });
    } finally {
      performance.now = now;
      await delivery.close();
    }
  });
}

async function statusesOf(answers: Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

overloadTest(
  "one evaluation more than the maximum is answered 503, and what needs none is answered meanwhile",
  async ({ hold, fill, fetch, shed, delivery }) => {
    const held = hold();
    await Promise.resolve();
    const waiting = fill();
    assertEquals(waiting.length, MAX_EVALUATIONS);
    const report = { method: "REPORT", body: "never parsed", headers: { "content-type": "text/plain" } };
    const turnedAway: [path: string, init?: RequestInit][] = [
      [POLL],
      ["/sdk/evalx/e1/context", report],
      [`/eval/e1/${CONTEXT}`],
      ["/eval/e1", report],
      [`/msdk/evalx/contexts/${CONTEXT}`, { headers: { authorization: "mob-e1" } }],
      ["/sdk/evalx/e1/contexts/never-parsed"],
      [`${OFREP}?auth=e1`, { ...report, method: "POST" }],
      [`${OFREP}/f?auth=e1`, { ...report, method: "POST" }],
    ];
    for (const [path, init] of turnedAway) {
      const answer = await fetch(path, init);
      assertEquals([path, answer.status, answer.headers.get("x-ld-envid")], [path, 503, "e1"]);
      assertMatch(answer.headers.get("retry-after")!, /^([2-9]|10)$/);
    }
    assertEquals(shed(), { evaluations: turnedAway.length });
    const sdk = { headers: { authorization: "sdk-e1" } };
    const others: [path: string, status: number, init?: RequestInit][] = [
      ["/health/live", 200],
      ["/health/ready", 200],
      ["/status", 200],
      ["/", 200],
      ["/sdk/flags", 200, sdk],
      ["/sdk/latest-all", 200, sdk],
      ["/bulk", 202, { ...sdk, method: "POST", body: "[]" }],
      ["/sdk/evalx/unknown/contexts/x", 404],
      ["/msdk/evalx/contexts/x", 401, { headers: { authorization: "mob-unknown" } }],
    ];
    for (const [path, status, init] of others) {
      assertEquals([path, (await fetch(path, init)).status], [path, status]);
    }
    const ping = (await fetch("/ping/e1")).body!.getReader();
    assertStringIncludes(new TextDecoder().decode((await ping.read()).value), "event: ping");
    await ping.cancel();
    assertEquals(delivery.size, 0);
    assertEquals(await statusesOf([...waiting, fetch(POLL)]), { 200: MAX_EVALUATIONS, 503: 1 });
    await held;
    assertEquals((await fetch(POLL)).status, 200);
    assertEquals(shed(), { evaluations: turnedAway.length + 1 });
  },
);

overloadTest(
  "evaluations that have waited too long are answered 503, and the next one is not",
  async ({ hold, fetch, pass, shed }) => {
    const held = hold();
    await Promise.resolve();
    const waiting = Array.from({ length: 20 }, () => fetch(POLL));
    pass(MAX_WAIT + 1);
    assertEquals(await statusesOf(waiting), { 503: 20 });
    assertMatch((await waiting[0])!.headers.get("retry-after")!, /^\d+$/);
    await held;
    assertEquals([(await fetch(POLL)).status, shed()], [200, { evaluations: 20 }]);
  },
);

overloadTest(
  "streams that are open are updated while no evaluation is let in",
  async ({ hold, fill, fetch, reload, delivery }) => {
    const readers = await Promise.all(
      [`/eval/e1/${CONTEXT}`, "/eval/e1", `/meval/${CONTEXT}`].map(async (path) => {
        const headers = { authorization: "mob-e1", "content-type": "application/json" };
        const init = path === "/eval/e1" ? { method: "REPORT", headers, body: atob(CONTEXT) } : { headers };
        const reader = (await fetch(path, init)).body!.getReader();
        assertStringIncludes(new TextDecoder().decode((await reader.read()).value), '"a"');
        return reader;
      }),
    );
    const news = readers.map((reader) => reader.read());
    const held = hold();
    await Promise.resolve();
    const waiting = fill();
    const updated = reload({ f: { ...FLAG, version: 2, fallthrough: { variation: 1 } } });
    assertEquals((await fetch(POLL)).status, 503);
    for (const { value } of await Promise.all(news)) {
      assertStringIncludes(new TextDecoder().decode(value), '"b"');
    }
    await updated;
    assertEquals(delivery.size, readers.length);
    assertEquals(await statusesOf(waiting), { 200: MAX_EVALUATIONS });
    await held;
    await Promise.all(readers.map((reader) => reader.cancel()));
  },
);

const JSON_HEADERS = { "content-type": "application/json" };
const TEXTS = JSON.stringify({ kind: "user", key: "u", x: Array.from({ length: 9_000 }, () => "") });

/** A body that ends before it is whole. */
function brokenBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
}

function post(body: string): RequestInit {
  return { method: "POST", headers: JSON_HEADERS, body };
}

const PATHS: [what: string, path: string, init: RequestInit, status: number][] = [
  ["an answer", POLL, {}, 200],
  ["an answer with gzip", POLL, { headers: { "accept-encoding": "gzip" } }, 200],
  ["an answer without a body", POLL, { method: "HEAD" }, 200],
  ["a bad context in the path", "/sdk/evalx/e1/contexts/e30", {}, 400],
  ["a bad context in the body", "/sdk/evalx/e1/context", {
    method: "REPORT",
    headers: JSON_HEADERS,
    body: "{",
  }, 400],
  ["another type", "/sdk/evalx/e1/context", { method: "REPORT", body: "x" }, 415],
  ["a body that is too long", "/sdk/evalx/e1/context", {
    method: "REPORT",
    headers: JSON_HEADERS,
    body: new Uint8Array(2_000_000),
  }, 413],
  ["a client that has gone", "/sdk/evalx/e1/context", {
    method: "REPORT",
    headers: JSON_HEADERS,
    body: brokenBody(),
  }, 400],
  ["a limit that is reached", "/sdk/evalx/e1/context", {
    method: "REPORT",
    headers: JSON_HEADERS,
    body: TEXTS,
  }, 503],
  ["a stream whose limit is reached", "/eval/e1", {
    method: "REPORT",
    headers: JSON_HEADERS,
    body: TEXTS,
  }, 503],
  ["a stream", `/eval/e1/${CONTEXT}`, {}, 200],
  ["OFREP's answer", `${OFREP}?auth=e1`, post('{"context":{"key":"u"}}'), 200],
  ["OFREP's answer for a flag", `${OFREP}/f?auth=e1`, post('{"context":{"key":"u"}}'), 200],
  ["no such flag of OFREP", `${OFREP}/none?auth=e1`, post('{"context":{"key":"u"}}'), 404],
  ["a bad context of OFREP", `${OFREP}?auth=e1`, post("{"), 400],
  ["a limit of OFREP that is reached", `${OFREP}?auth=e1`, post(`{"context":${TEXTS}}`), 503],
];

overloadTest(
  "whatever comes of an evaluation, another one has its room afterwards",
  async ({ hold, fill, fetch, delivery }) => {
    for (const [what, path, init, status] of PATHS) {
      const held = hold();
      await Promise.resolve();
      const answer = await fetch(path, init);
      assertEquals([what, answer.status], [what, status]);
      await answer.body?.cancel();
      await held;
      const again = hold();
      await Promise.resolve();
      const waiting = fill();
      assertEquals([what, waiting.length], [what, MAX_EVALUATIONS]);
      assertEquals(await statusesOf(waiting), { 200: MAX_EVALUATIONS });
      await again;
    }
    assert(delivery.size === 0);
  },
  { f: FLAG, endless: ENDLESS },
);
