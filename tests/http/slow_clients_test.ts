import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type EnvironmentParts, makeSnapshot, makeStore } from "../_environments.ts";
import type { DeliveryOptions } from "../../lib/delivery/mod.ts";
import type { Server } from "../../lib/http/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { constantFlag } from "../e2e/_archive.ts";
import { makeRelay } from "./_relay.ts";
import { connect, exchange, withServer, write } from "./_server.ts";

const PLAIN = {};
const MB = 1_000_000;

/** More than the buffers of a connection over loopback take. */
const HUGE = 12 * MB;

/** One flag that everybody gets, so that results are as large as the environment. */
function environment(bytes: number, version = 1): EnvironmentParts {
  const seen = { usingEnvironmentId: true, usingMobileKey: true };
  return {
    flags: { f: { ...constantFlag("x".repeat(bytes), version), clientSideAvailability: seen } },
  };
}

function request(path: string, key: string, body?: string): string {
  const type = body === undefined
    ? ""
    : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const method = body === undefined ? "GET" : "REPORT";
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${key}\r\n${type}\r\n${
    body ?? ""
  }`;
}

/** Path of a poll for user "u". */
const CONTEXT = btoa('{"kind":"user","key":"u"}');

/** Sends a request and reads only the beginning of what is answered; nothing after it. */
async function begin(server: Server, text: string): Promise<{ connection: Deno.Conn; status: string }> {
  const connection = await connect(server, PLAIN);
  await write(connection, new TextEncoder().encode(text));
  const start = new Uint8Array(12);
  await connection.read(start);
  return { connection, status: new TextDecoder().decode(start.subarray(9)) };
}

async function fetchStatus(server: Server, text: string): Promise<string> {
  return (await exchange(server, PLAIN, text)).slice(9, 12);
}

/** Runs a test against a relay with these environments over TCP. */
async function withRelay(
  environments: Record<string, EnvironmentParts>,
  options: Partial<DeliveryOptions>,
  run: (server: Server, relay: ReturnType<typeof makeRelay>, store: Store) => Promise<void>,
): Promise<void> {
  const store = await makeStore(environments);
  const relay = makeRelay(store, undefined, options);
  await withServer(PLAIN, relay.handler, (server) => run(server, relay, store));
  await relay.delivery.close();
}

Deno.test("clients that never read a large environment hold up nobody, and get heartbeats for nothing", async () => {
  const parts = { e1: environment(HUGE), e2: environment(10) };
  const limits = { maxPayloadBytesInFlight: MB, maxWaiting: 0, heartbeatInterval: 20 };
  await withRelay(parts, limits, async (server) => {
    const paths = ["/all", "/sdk/latest-all", "/flags", "/sdk/flags"];
    const unread = await Promise.all(
      Array.from({ length: 20 }, (_, i) => begin(server, request(paths[i % 4]!, "sdk-e1"))),
    );
    assertEquals(new Set(unread.map(({ status }) => status)), new Set(["200"]));
    for (const id of ["e1", "e2"]) {
      const answer = await exchange(server, PLAIN, request("/sdk/latest-all", `sdk-${id}`));
      assertStringIncludes(answer.slice(-100), "}");
      assertEquals(
        await fetchStatus(server, request("/sdk/latest-all", `sdk-${id}`).replace("GET", "HEAD")),
        "200",
      );
    }
    assertEquals(await fetchStatus(server, request("/all", "sdk-nobody")), "401");
    using stream = await connect(server, PLAIN);
    await write(stream, new TextEncoder().encode(request("/all", "sdk-e2")));
    const decoder = new TextDecoder();
    let received = "";
    for await (const chunk of stream.readable) {
      received += decoder.decode(chunk);
      if (received.includes("\n:\n\n")) break;
    }
    for (const { connection } of unread) connection.close();
  });
});

Deno.test("unread results of one kind of credential leave the others alone, and are cut off when their own kind waits", async () => {
  // Each kind has room for one result, or for several if they were smaller.
  const limits = { maxPayloadBytesInFlight: 4 * HUGE + MB, clientWriteSlack: 50, maxWait: 10_000 };
  await withRelay({ e1: environment(HUGE) }, limits, async (server, { log }) => {
    const poll = request(`/sdk/evalx/e1/contexts/${CONTEXT}`, "");
    const unread = await Promise.all(Array.from({ length: 4 }, () => begin(server, poll)));
    assertEquals(unread.map(({ status }) => status), ["200", "200", "200", "200"]);
    assert(
      log.lines.includes(
        "warn: Closed the connection of a slow client: memory for results is short environment=e1",
      ),
    );
    for (const [path, key] of [["/msdk/evalx", "mob-e1"], ["/sdk/evalx", "sdk-e1"]] as const) {
      assertEquals(await fetchStatus(server, request(`${path}/contexts/${CONTEXT}`, key)), "200", path);
    }
    assertEquals(await fetchStatus(server, request("/sdk/latest-all", "sdk-e1")), "200");
    for (const { connection } of unread) connection.close();
  });
});

Deno.test("results above what one kind may take are answered 503 where nobody can be cut off", async () => {
  const limits = { maxPayloadBytesInFlight: 4 * HUGE + MB, maxWait: 50 };
  await withRelay({ e1: environment(HUGE) }, limits, async (server) => {
    const poll = request(`/sdk/evalx/e1/contexts/${CONTEXT}`, "");
    const unread = await begin(server, poll);
    const answer = await exchange(server, PLAIN, poll);
    assertStringIncludes(answer, "503 Service Unavailable");
    assertMatch(answer, /\r\nretry-after: ([2-9]|10)\r\n/i);
    assertStringIncludes(answer, "Server busy, retry later");
    unread.connection.close();
  });
});

Deno.test("a herd that comes back at once is served without a limit", async () => {
  const limits = { maxPayloadBytesInFlight: 1, maxWaiting: 0 };
  await withRelay({ e1: environment(MB) }, limits, async (server) => {
    const lengths = await Promise.all(Array.from({ length: 100 }, async () => {
      return (await exchange(server, PLAIN, request("/sdk/latest-all", "sdk-e1"))).length;
    }));
    assertEquals(new Set(lengths).size, 1);
    assert(lengths[0]! > MB);
  });
});

Deno.test("large contexts are bounded, and keep out nobody whose context is an ordinary one", async () => {
  const large = JSON.stringify({ kind: "user", key: "u", text: "x".repeat(900_000) });
  // A third is each kind's, a quarter of that is for contexts: room for two.
  const limits = { maxPayloadBytesInFlight: 24 * MB };
  await withRelay({ e1: environment(10) }, limits, async (server, { delivery }) => {
    const streams = await Promise.all(
      Array.from({ length: 30 }, () => begin(server, request("/eval/e1", "", large))),
    );
    const statuses = streams.map(({ status }) => status);
    assertEquals(statuses.filter((status) => status === "503").length >= 28, true, statuses.join(" "));
    assertEquals(delivery.size, statuses.filter((status) => status === "200").length);
    assertEquals(await fetchStatus(server, request("/sdk/evalx/e1/context", "", '{"key":"u"}')), "200");
    const ordinary = await begin(server, request(`/eval/e1/${CONTEXT}`, ""));
    assertEquals(ordinary.status, "200");
    for (const { connection } of [...streams, ordinary]) connection.close();
  });
});

Deno.test("a context is charged once, and what finds no room is refused before it is read", async () => {
  const large = JSON.stringify({ kind: "user", key: "u", text: "x".repeat(900_000) });
  // A third is each kind's, a quarter of that is for contexts: room for two.
  const limits = { maxPayloadBytesInFlight: 24 * MB };
  await withRelay({ e1: environment(10) }, limits, async (server) => {
    const streams = [];
    for (let i = 0; i < 2; i++) streams.push(await begin(server, request("/eval/e1", "", large)));
    assertEquals(streams.map(({ status }) => status), ["200", "200"]);
    for (const [length, status] of [[large.length, "503"], [1_000_001, "413"]] as const) {
      const head =
        `REPORT /eval/e1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
      // Its body is never sent.
      const refused = await begin(server, `${head}\r\n\r\n`);
      assertEquals(refused.status, status);
      streams.push(refused);
    }
    for (const { connection } of streams) connection.close();
  });
});

Deno.test("a reload that every paused stream needs a put for keeps within the budget, and reaches all that read on", async () => {
  // Room for three results.
  const limits = { maxPayloadBytesInFlight: 4 * 3.5 * MB, maxWait: 10_000, clientWriteSlack: 2 ** 30 };
  await withRelay({ e1: environment(MB) }, limits, async (server, { delivery, log }, store) => {
    const streams = await Promise.all(Array.from({ length: 12 }, async () => {
      const connection = await connect(server, PLAIN);
      await write(connection, new TextEncoder().encode(request(`/eval/e1/${CONTEXT}`, "")));
      return connection;
    }));
    /** Reads until the end of an event of that version. */
    async function readPut(connection: Deno.Conn, version: number): Promise<void> {
      const decoder = new TextDecoder();
      const buffer = new Uint8Array(256 * 1024);
      for (let tail = ""; !tail.includes(`"version":${version}`);) {
        const length = await connection.read(buffer);
        assert(length, "the stream has been closed");
        tail = tail.slice(-100) + decoder.decode(buffer.subarray(0, length), { stream: true });
      }
    }
    await Promise.all(streams.map((stream) => readPut(stream, 1)));
    // Below the version that clients have, so that only a put will do.
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", environment(MB, 0)) }]);
    const updated = delivery.update();
    await Promise.all(streams.map((stream) => readPut(stream, 0)));
    await updated;
    assertEquals(log.lines.filter((line) => !line.startsWith("debug")), []);
    for (const stream of streams) stream.close();
  });
});
