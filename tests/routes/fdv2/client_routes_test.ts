import { assertEquals, assertNotEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Store } from "../../../lib/store/mod.ts";
import type { EnvironmentParts } from "../../_environments.ts";
import { makeRelay } from "../../http/_relay.ts";
import { arrival, LoadedRelay, OpenStream, poll, readTransfer } from "./_fdv2.ts";

type Json = Record<string, unknown>;

const CONTEXT = '{"kind":"user","key":"u"}';
const PATH = `/sdk/poll/eval/${encode(CONTEXT)}`;
const STREAM = `/sdk/stream/eval/${encode(CONTEXT)}`;
const BROWSER: RequestInit = {};
const MOBILE: RequestInit = { headers: { authorization: "mob-e1" } };

function encode(json: string): string {
  return new TextEncoder().encode(json).toBase64({ alphabet: "base64url", omitPadding: true });
}

function seenBy(usingEnvironmentId: boolean, usingMobileKey: boolean, fields: Json = {}): Json {
  return {
    version: 3,
    on: true,
    variations: ["no", "yes"],
    targets: [{ variation: 1, values: ["u"] }],
    fallthrough: { variation: 0 },
    clientSideAvailability: { usingEnvironmentId, usingMobileKey },
    ...fields,
  };
}

const PARTS: EnvironmentParts = {
  flags: {
    both: seenBy(true, true),
    browser: seenBy(true, false, { trackEvents: true, debugEventsUntilDate: 7 }),
    mobile: seenBy(false, true),
    server: seenBy(false, false),
    gone: { version: 9, deleted: true },
  },
};

/** The same with other fields of the flag "both". */
function changed(fields: Json): EnvironmentParts {
  return { ...PARTS, flags: { ...PARTS.flags, both: seenBy(true, true, fields) } };
}

/** Ways to send the context on one path. */
function waysOf(path: string): [path: string, init: RequestInit][] {
  const body = (method: string): RequestInit => ({
    method,
    body: CONTEXT,
    headers: { "content-type": "application/json" },
  });
  return [[`${path}/${encode(CONTEXT)}`, {}], [path, body("POST")], [path, body("REPORT")]];
}

Deno.test("/sdk/poll/eval gives results between an intent and a selector, to browsers by auth and to apps by header", async () => {
  await using loaded = await LoadedRelay.start(PARTS);
  const states = new Set<string>();
  for (const [path, init] of waysOf("/sdk/poll/eval")) {
    const browser = await poll(loaded.relay, `${path}?auth=e1`, init);
    const { id } = browser[0]!.data.payloads[0];
    const { state } = browser.at(-1)!.data;
    assertEquals(browser, [
      {
        event: "server-intent",
        data: { payloads: [{ id, target: 1, intentCode: "xfer-full", reason: "payload-missing" }] },
      },
      {
        event: "put-object",
        data: {
          kind: "flag-eval",
          key: "both",
          version: 3,
          object: { flagVersion: 3, value: "yes", variation: 1 },
        },
      },
      {
        event: "put-object",
        data: {
          kind: "flag-eval",
          key: "browser",
          version: 3,
          object: { flagVersion: 3, value: "yes", variation: 1, trackEvents: true, debugEventsUntilDate: 7 },
        },
      },
      { event: "payload-transferred", data: { state, version: 1, id } },
    ]);
    const mobile = readTransfer(
      await poll(loaded.relay, path, { ...init, headers: { ...init.headers, authorization: "mob-e1" } }),
    );
    assertEquals(mobile.objects, ["put flag-eval both 3", "put flag-eval mobile 3"]);
    states.add(state).add(mobile.state!);
  }
  assertEquals(states.size, 2);
});

Deno.test("/sdk/poll/eval gives reasons to who asks for them, under a selector of their own", async () => {
  await using loaded = await LoadedRelay.start(PARTS);
  const plain = readTransfer(await poll(loaded.relay, `${PATH}?auth=e1`, BROWSER));
  const messages = await poll(loaded.relay, `${PATH}?auth=e1&withReasons=true&basis=${plain.state}`, BROWSER);
  assertEquals(messages[1]!.data.object, {
    flagVersion: 3,
    value: "yes",
    variation: 1,
    reason: { kind: "TARGET_MATCH" },
  });
  const { code, state } = readTransfer(messages);
  assertEquals(code, "xfer-full");
  assertNotEquals(state, plain.state);
});

Deno.test("/sdk/poll/eval says none to the basis that is current, and 304 to a tag of it", async () => {
  await using loaded = await LoadedRelay.start(PARTS);
  const first = await loaded.relay.fetch(`${PATH}?auth=e1`);
  const tag = { headers: { "if-none-match": first.headers.get("etag")! } };
  const { state } = readTransfer((await first.json()).events);
  for (const basis of [state, encodeURIComponent(state!)]) {
    assertEquals(
      readTransfer(await poll(loaded.relay, `${PATH}?auth=e1&basis=${basis}`, BROWSER)).code,
      "none",
    );
    assertEquals((await loaded.relay.fetch(`${PATH}?auth=e1&basis=${basis}`, tag)).status, 304);
  }
  assertEquals((await loaded.relay.fetch(`${PATH}?auth=e1`, tag)).status, 304);
  const other = await loaded.relay.fetch(`${PATH}?auth=e1&basis=other`, tag);
  assertEquals([other.status, readTransfer((await other.json()).events).code], [200, "xfer-full"]);

  const gzip = await loaded.relay.fetch(`${PATH}?auth=e1`, { headers: { "accept-encoding": "gzip" } });
  assertEquals(readTransfer(JSON.parse(gunzipSync(await gzip.bytes()).toString()).events).state, state);
  const head = await loaded.relay.fetch(`${PATH}?auth=e1`, { method: "HEAD" });
  assertEquals([head.status, await head.text(), head.headers.get("etag")], [
    200,
    "",
    first.headers.get("etag"),
  ]);
});

Deno.test("selectors of results are equal where the results are, on every replica, and differ otherwise", async () => {
  await using one = await LoadedRelay.start(PARTS);
  await using two = await LoadedRelay.start(PARTS);
  async function stateOf({ relay }: LoadedRelay, context = CONTEXT): Promise<string> {
    return readTransfer(await poll(relay, `/sdk/poll/eval/${encode(context)}?auth=e1`, BROWSER)).state!;
  }
  const first = await stateOf(one);
  assertEquals(await stateOf(two), first);
  assertNotEquals(await stateOf(one, '{"kind":"user","key":"other"}'), first);
  assertEquals(
    await stateOf(one, '{"kind":"user","key":"third"}'),
    await stateOf(one, '{"kind":"user","key":"other"}'),
  );
  for (
    const fields of [{ version: 4 }, { variations: ["no", "YES"] }, { trackEvents: true }, { targets: [] }]
  ) {
    await one.load(changed(fields));
    assertNotEquals([fields, await stateOf(one)], [fields, first]);
  }
  // What this client does not see.
  await one.load({ ...PARTS, flags: { ...PARTS.flags, server: seenBy(false, false, { version: 8 }) } });
  assertEquals(await stateOf(one), first);
});

/** Loads an archive, and takes the transfer of a stream, which must lead to what a poll gets. */
async function takeNext(
  loaded: LoadedRelay,
  stream: OpenStream,
  parts: EnvironmentParts,
): Promise<[code: string, objects: string[]]> {
  await loaded.load(parts);
  const { code, objects, state } = readTransfer(stream.take());
  assertEquals(state, readTransfer(await poll(loaded.relay, `${PATH}?auth=e1`, BROWSER)).state);
  return [code, objects];
}

Deno.test("/sdk/stream/eval begins with everything and goes on with the changes of its client's results", async () => {
  await using loaded = await LoadedRelay.start(PARTS);
  for (const [path, init] of waysOf("/sdk/stream/eval")) {
    await loaded.load(PARTS);
    const all = await poll(loaded.relay, `${PATH}?auth=e1`, BROWSER);
    const { state } = readTransfer(all);
    await using stream = await OpenStream.open(loaded.relay, `${path}?auth=e1&basis=${state}`, init);
    assertEquals(stream.take(), all);
    const next = (parts: EnvironmentParts) => takeNext(loaded, stream, parts);
    assertEquals(await next(changed({ version: 4 })), ["xfer-changes", ["put flag-eval both 4"]]);
    assertEquals(await next(changed({ version: 5, clientSideAvailability: { usingEnvironmentId: false } })), [
      "xfer-changes",
      ["delete flag-eval both 5"],
    ]);
    assertEquals(await next(changed({ version: 6 })), ["xfer-changes", ["put flag-eval both 6"]]);
    assertEquals((await next(changed({ version: 5 })))[0], "xfer-full");
    await loaded.load({
      flags: { ...changed({ version: 5 }).flags, server: seenBy(false, false, { version: 8 }) },
    });
    assertEquals(stream.take(), []);
  }
});

Deno.test("a client stream carries the right selector where nearly everything changes", async () => {
  const many = (version: number, value: string): EnvironmentParts => ({
    flags: Object.fromEntries(Array.from({ length: 4 }, (_, i) => [
      `f${i}`,
      seenBy(true, true, {
        version: i === 3 ? 1 : version,
        variations: ["no", i === 3 ? "x".repeat(999) : value],
      }),
    ])),
  });
  await using loaded = await LoadedRelay.start(many(1, "a"));
  await using stream = await OpenStream.open(loaded.relay, `${STREAM}?auth=e1`, BROWSER);
  stream.take();
  await loaded.load(many(2, "b"));
  const { code, objects, state } = readTransfer(stream.take());
  assertEquals([code, objects.length], ["xfer-changes", 3]);
  assertEquals(state, readTransfer(await poll(loaded.relay, `${PATH}?auth=e1`, BROWSER)).state);
});

Deno.test("secure mode asks browsers for the hash of their context, at once and for as long as a stream is open", async () => {
  await using loaded = await LoadedRelay.start({ ...PARTS, env: { secureMode: true } });
  const hash = createHmac("sha256", "sdk-e1").update("u").digest("hex");
  for (const path of [PATH, STREAM]) {
    for (const query of ["", "&h=", `&h=${hash.toUpperCase()}`]) {
      const response = await loaded.relay.fetch(`${path}?auth=e1${query}`);
      assertEquals([response.status, response.headers.get("access-control-allow-origin")], [400, "*"]);
      await response.body?.cancel();
    }
    const right = await loaded.relay.fetch(`${path}?auth=e1&h=${hash}`);
    assertEquals(right.status, 200);
    await right.body!.cancel();
    const mobile = await loaded.relay.fetch(path, MOBILE);
    assertEquals(mobile.status, 200);
    await mobile.body!.cancel();
  }
  await loaded.load(PARTS);
  await using proven = await OpenStream.open(loaded.relay, `${STREAM}?auth=e1&h=${hash}`, BROWSER);
  await using open = await OpenStream.open(loaded.relay, `${STREAM}?auth=e1`, BROWSER);
  [proven, open].forEach((stream) => stream.take());
  await loaded.load({ ...changed({ version: 4 }), env: { secureMode: true } });
  await open.ended;
  assertEquals([open.take(), readTransfer(proven.take()).code], [[], "xfer-changes"]);
});

Deno.test("browsers of every origin may poll and stream, and read refusals", async () => {
  await using loaded = await LoadedRelay.start(PARTS);
  const empty = makeRelay(new Store());
  const headers = { origin: "https://app.example" };
  for (const path of ["/sdk/poll/eval", "/sdk/stream/eval"]) {
    for (
      const [url, methods] of [[path, ["POST", "REPORT"]], [`${path}/${encode(CONTEXT)}`, ["GET"]]] as const
    ) {
      const preflight = await loaded.relay.fetch(`${url}?auth=e1`, {
        method: "OPTIONS",
        headers: {
          ...headers,
          "access-control-request-method": methods[0],
          "access-control-request-headers": "x-launchdarkly-user-agent,content-type",
        },
      });
      const allowed = preflight.headers.get("access-control-allow-methods")!;
      assertEquals([preflight.ok, ...methods.map((method) => allowed.includes(method))], [
        true,
        ...methods.map(() => true),
      ]);
      for (const name of ["x-launchdarkly-user-agent", "content-type"]) {
        const listed = preflight.headers.get("access-control-allow-headers")!.toLowerCase();
        assertEquals([name, listed.includes(name)], [name, true]);
      }
    }
    const answer = await loaded.relay.fetch(`${path}/${encode(CONTEXT)}?auth=e1`, { headers });
    assertEquals([answer.status, answer.headers.get("x-ld-envid")], [200, "e1"]);
    assertNotEquals(answer.headers.get("access-control-allow-origin"), null);
    await answer.body!.cancel();

    const refusals: [relay: typeof empty, query: string, status: number][] = [
      [loaded.relay, "", 401],
      [loaded.relay, "?auth=", 401],
      [loaded.relay, "?auth=sdk-e1", 404],
      [loaded.relay, "?auth=e2", 404],
      [empty, "?auth=e1", 503],
    ];
    for (const [relay, query, status] of refusals) {
      const refusal = await relay.fetch(`${path}/${encode(CONTEXT)}${query}`, { headers });
      assertEquals([path, query, refusal.status], [path, query, status]);
      assertNotEquals(refusal.headers.get("access-control-allow-origin"), null);
      assertEquals(refusal.headers.get("x-ld-fd-fallback"), null);
      await refusal.body?.cancel();
    }
    for (const bad of ["!!!", encode("{"), encode('{"kind":"kind","key":"u"}')]) {
      const refusal = await loaded.relay.fetch(`${path}/${bad}?auth=e1`, { headers });
      assertEquals([bad, refusal.status], [bad, 400]);
      await refusal.body?.cancel();
    }
    const report = { method: "REPORT", body: CONTEXT, headers: { ...headers, "content-type": "text/plain" } };
    assertEquals((await loaded.relay.fetch(`${path}?auth=e1`, report)).status, 415);
  }
  await empty.delivery.close();
});

Deno.test("client streams get comments while idle, and goodbye when the relay shuts down", async () => {
  await using loaded = await LoadedRelay.start(PARTS, { heartbeatInterval: 5 });
  await using stream = await OpenStream.open(loaded.relay, STREAM, MOBILE);
  stream.take();
  while (stream.rest.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await loaded.relay.delivery.close();
  await arrival();
  await stream.ended;
  assertEquals(stream.take().map(({ event, data }) => [event, Object.keys(data)]), [["goodbye", ["reason"]]]);
});
