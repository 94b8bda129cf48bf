import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { Store } from "../../../lib/store/mod.ts";
import type { EnvironmentParts } from "../../_environments.ts";
import { makeRelay } from "../../http/_relay.ts";
import { arrival, LoadedRelay, OpenStream, poll, readTransfer, SdkStore, SERVER } from "./_fdv2.ts";

/** Enough that changes are shorter than everything. */
const BALLAST = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`z${i}`, { version: 1 }]));

function flags(versions: Record<string, number>): EnvironmentParts {
  const changing = Object.entries(versions).map(([key, version]) => [key, { version, on: true }]);
  return { flags: { ...BALLAST, ...Object.fromEntries(changing) }, segments: { s: {} } };
}

Deno.test("GET /sdk/poll puts flags and segments between an intent and a selector", async () => {
  await using loaded = await LoadedRelay.start({
    flags: { a: { version: 3, on: true, unknown: 1.5 }, gone: { version: 9, deleted: true }, 'ü"key': {} },
    segments: { s: { version: 2 } },
  });
  const events = await poll(loaded.relay, "/sdk/poll");
  const { id } = events[0]!.data.payloads[0];
  const { state } = events.at(-1)!.data;
  assertMatch(state, /^[\w().:-]+$/);
  assertEquals(events, [
    {
      event: "server-intent",
      data: { payloads: [{ id, target: 1, intentCode: "xfer-full", reason: "payload-missing" }] },
    },
    {
      event: "put-object",
      data: { kind: "flag", key: "a", version: 3, object: { key: "a", version: 3, on: true, unknown: 1.5 } },
    },
    {
      event: "put-object",
      data: { kind: "flag", key: 'ü"key', version: 1, object: { key: 'ü"key', version: 1 } },
    },
    {
      event: "put-object",
      data: { kind: "segment", key: "s", version: 2, object: { key: "s", version: 2 } },
    },
    { event: "payload-transferred", data: { state, version: 1, id } },
  ]);
});

Deno.test("GET /sdk/poll with the basis that is current says none, raw or escaped, and ignores a filter", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1 }));
  const { state } = readTransfer(await poll(loaded.relay, "/sdk/poll?filter=x"));
  const id = /\(p:(.*):/.exec(state!)![1];
  const escaped = `%28${encodeURIComponent(state!.slice(1, -1))}%29`;
  for (const basis of [state, encodeURIComponent(state!), escaped]) {
    for (const query of [`basis=${basis}`, `filter=x&basis=${basis}`]) {
      assertEquals(await poll(loaded.relay, `/sdk/poll?${query}`), [{
        event: "server-intent",
        data: { payloads: [{ id, target: 1, intentCode: "none", reason: "up-to-date" }] },
      }]);
    }
  }
});

Deno.test("GET /sdk/poll with a basis that nobody knows gets everything", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1 }));
  const all = await poll(loaded.relay, "/sdk/poll");
  for (const basis of ["", "x", "(p:1:1)", "%", "%E0%A4%A", "FDv1Fallback", "x".repeat(5_000)]) {
    assertEquals(await poll(loaded.relay, `/sdk/poll?basis=${basis}`), all, basis);
  }
});

Deno.test("GET /sdk/poll answers 304 to its tag, but only who has nothing else", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1 }));
  const first = await loaded.relay.get("/sdk/poll");
  const etag = first.headers.get("etag")!;
  const old = (await first.json()).events.at(-1).data.state;
  assertEquals((await loaded.relay.get("/sdk/poll", { "if-none-match": etag })).status, 304);
  const known = await loaded.relay.get(`/sdk/poll?basis=${old}`, { "if-none-match": etag });
  assertEquals([known.status, await known.text(), known.headers.get("x-ld-envid")], [304, "", "e1"]);

  await loaded.load(flags({ a: 2 }));
  const changed = await loaded.relay.get(`/sdk/poll?basis=${old}`, { "if-none-match": etag });
  assertEquals([changed.status, changed.headers.get("etag")], [200, null]);
  const { state } = readTransfer((await changed.json()).events);
  const current = await loaded.relay.get(`/sdk/poll?basis=${state}`);
  await current.body!.cancel();
  // A client that had this version, and then the first one again by a stream of a relay that lagged behind.
  const tag = { "if-none-match": current.headers.get("etag")! };
  assertEquals((await loaded.relay.get(`/sdk/poll?basis=${state}`, tag)).status, 304);
  for (const basis of [old, "unknown"]) {
    const answer = await loaded.relay.get(`/sdk/poll?basis=${basis}`, tag);
    assertEquals([answer.status, readTransfer((await answer.json()).events).state], [200, state]);
  }
});

Deno.test("GET /sdk/poll compresses what it sends, and HEAD sends the headers alone", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1 }));
  const { state } = readTransfer(await poll(loaded.relay, "/sdk/poll"));
  await loaded.load(flags({ a: 2 }));
  for (const query of ["", `?basis=${state}`, "?basis=unknown"]) {
    const plain = await (await loaded.relay.get(`/sdk/poll${query}`)).text();
    const gzip = await loaded.relay.get(`/sdk/poll${query}`, { "accept-encoding": "gzip" });
    assertEquals(gzip.headers.get("content-encoding"), "gzip");
    assertEquals(gunzipSync(await gzip.bytes()).toString(), plain);
    const head = await loaded.relay.fetch(`/sdk/poll${query}`, { method: "HEAD", ...SERVER });
    assertEquals([head.status, await head.text(), head.headers.get("content-length")], [
      200,
      "",
      `${new TextEncoder().encode(plain).length}`,
    ]);
  }
  const head = await loaded.relay.fetch("/sdk/stream", { method: "HEAD", ...SERVER });
  assertEquals([head.status, head.headers.get("content-type")], [200, "text/event-stream; charset=utf-8"]);
});

Deno.test("GET /sdk/poll tells seven versions back what has changed, and whoever is older everything", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1, b: 1, c: 1 }));
  const states: string[] = [];
  for (let version = 1; version <= 9; version++) {
    await loaded.load(flags({ a: version, ...version < 9 && { b: 1 }, c: 1 }));
    states.push(readTransfer(await poll(loaded.relay, "/sdk/poll")).state!);
  }
  assertEquals(new Set(states).size, 9);
  for (const [i, basis] of states.entries()) {
    const { code, objects, state } = readTransfer(await poll(loaded.relay, `/sdk/poll?basis=${basis}`));
    if (i === 8) {
      assertEquals([code, state], ["none", undefined]);
    } else {
      assertEquals(state, states[8]);
      assertEquals(code, i === 0 ? "xfer-full" : "xfer-changes");
      if (i > 0) assertEquals(objects, ["put flag a 9", "delete flag b 2"]);
    }
  }
});

Deno.test("GET /sdk/poll sends everything where the Node SDK would drop a change", async () => {
  const [one, two] = [flags({ a: 1, b: 1 }), flags({ a: 2, b: 1 })];
  const cases: [what: string, versions: EnvironmentParts[], code: string][] = [
    ["risen", [one, two], "xfer-changes"],
    ["rolled back", [two, one], "xfer-full"],
    ["the same version", [one, { ...one, flags: { ...one.flags, a: { version: 1 } } }], "xfer-full"],
    ["removed", [one, flags({ b: 1 })], "xfer-changes"],
    ["come back", [one, flags({ b: 1 }), two], "xfer-full"],
    ["added", [one, flags({ a: 1, b: 1, c: 5 })], "xfer-changes"],
    ["added below its removal", [flags({ a: 1, b: 1, c: 5 }), one, flags({ a: 1, b: 1, c: 6 })], "xfer-full"],
    [
      "nearly all of it removed, so that everything is shorter",
      [flags({}), { segments: { s: {} } }],
      "xfer-full",
    ],
  ];
  for (const [what, versions, expected] of cases) {
    await using loaded = await LoadedRelay.start(versions[0]!);
    let basis = "";
    for (const parts of versions) {
      const { state } = readTransfer(await poll(loaded.relay, "/sdk/poll"));
      basis = state!;
      await loaded.load(parts);
    }
    const { code, state } = readTransfer(await poll(loaded.relay, `/sdk/poll?basis=${basis}`));
    assertEquals([what, code], [what, expected]);
    assertEquals(state, readTransfer(await poll(loaded.relay, "/sdk/poll")).state);
  }
});

Deno.test("selectors say of which content they are, on every replica", async () => {
  await using one = await LoadedRelay.start(flags({ a: 1 }));
  await using two = await LoadedRelay.start(flags({ a: 1 }));
  const first = readTransfer(await poll(one.relay, "/sdk/poll")).state!;
  assertEquals(readTransfer(await poll(two.relay, "/sdk/poll")).state, first);
  await one.load(flags({ a: 2 }));
  assertNotEquals(readTransfer(await poll(one.relay, "/sdk/poll")).state, first);
  // A basis from the future of a replica that lags behind.
  const { state } = readTransfer(await poll(one.relay, "/sdk/poll"));
  assertEquals(readTransfer(await poll(two.relay, `/sdk/poll?basis=${state}`)), {
    ...readTransfer(await poll(two.relay, "/sdk/poll")),
    code: "xfer-full",
  });
  await one.load({ ...flags({ a: 1 }), env: { secureMode: true } });
  assertEquals(readTransfer(await poll(one.relay, "/sdk/poll")).state, first);
});

Deno.test("GET /sdk/stream begins with everything, whatever the basis, and goes on with changes", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1, b: 1 }));
  const all = await poll(loaded.relay, "/sdk/poll");
  const { state } = readTransfer(all);
  await using plain = await OpenStream.open(loaded.relay, "/sdk/stream");
  await using based = await OpenStream.open(loaded.relay, `/sdk/stream?basis=${state}&filter=x`);
  assertEquals([plain.take(), based.take()], [all, all]);

  async function next(parts: EnvironmentParts): Promise<[code: string, objects: string[]]> {
    await loaded.load(parts);
    const messages = plain.take();
    assertEquals(based.take(), messages);
    const { code, objects, state } = readTransfer(messages);
    assertEquals(state, readTransfer(await poll(loaded.relay, "/sdk/poll")).state);
    return [code, objects];
  }

  assertEquals(await next(flags({ a: 2, b: 1 })), ["xfer-changes", ["put flag a 2"]]);
  assertEquals(await next(flags({ a: 2, c: 1 })), ["xfer-changes", ["put flag c 1", "delete flag b 2"]]);
  // Not above the version of its deletion.
  assertEquals((await next(flags({ a: 2, b: 2, c: 1 })))[0], "xfer-full");
  assertEquals((await next(flags({ a: 1, b: 2, c: 1 })))[0], "xfer-full");
  await loaded.load({ ...flags({ a: 1, b: 2, c: 1 }), env: { secureMode: true } });
  assertEquals(plain.take(), []);
});

Deno.test("FDv2 refuses what has no key, and says 503 while there is no data", async () => {
  await using loaded = await LoadedRelay.start(flags({}));
  const unknown = makeRelay(new Store());
  for (const path of ["/sdk/poll", "/sdk/stream"]) {
    for (const authorization of ["", "sdk-e2", "mob-e1", "e1"]) {
      const response = await loaded.relay.fetch(path, { headers: { authorization } });
      assertEquals([path, response.status, response.headers.get("x-ld-fd-fallback")], [path, 401, null]);
    }
    const post = await loaded.relay.fetch(path, { method: "POST", ...SERVER });
    assertEquals([post.status, post.headers.get("allow")?.includes("GET")], [405, true]);
    const response = await unknown.get(path);
    assertEquals([response.status, response.headers.get("x-ld-fd-fallback")], [503, null]);
  }
  await unknown.delivery.close();
});

Deno.test("FDv2 names the environment on every answer", async () => {
  await using loaded = await LoadedRelay.start(flags({}));
  for (const path of ["/sdk/poll", "/sdk/stream"]) {
    const response = await loaded.relay.get(path);
    assertEquals(response.headers.get("x-ld-envid"), "e1");
    await response.body!.cancel();
  }
});

Deno.test("FDv2 keeps idle streams open by comments, and says goodbye when the relay shuts down", async () => {
  await using loaded = await LoadedRelay.start(flags({ a: 1 }), { heartbeatInterval: 5 });
  await using stream = await OpenStream.open(loaded.relay, "/sdk/stream");
  stream.take();
  while (stream.rest.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(new Set(stream.rest), new Set([":"]));
  await loaded.relay.delivery.close();
  await arrival();
  await stream.ended;
  assertEquals(stream.take(), [{ event: "goodbye", data: { reason: "the relay is shutting down" } }]);
  const late = await loaded.relay.get("/sdk/stream");
  assert(late.status === 503 && late.headers.has("retry-after"));
});

Deno.test("a removal that is taken back after a restart reaches an SDK that remembers the removal", async () => {
  const [there, gone] = [flags({ a: 2, b: 1 }), flags({ b: 1 })];
  const sdk = new SdkStore(true);
  async function ask({ relay }: LoadedRelay): Promise<string> {
    const messages = await poll(relay, `/sdk/poll?basis=${sdk.basis}`);
    sdk.apply(messages);
    return readTransfer(messages).code;
  }
  await using first = await LoadedRelay.start(there);
  assertEquals(await ask(first), "xfer-full");
  const before = sdk.live;
  await first.load(gone);
  assertEquals([await ask(first), sdk.live.length], ["xfer-changes", before.length - 1]);
  await using second = await LoadedRelay.start(gone);
  assertEquals(await ask(second), "none");
  await second.load(there);
  assertEquals([await ask(second), sdk.live], ["xfer-full", before]);
});
