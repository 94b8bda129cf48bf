import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DroppedError, type Exchange, type HttpClient } from "../../../tools/soak/exchange.ts";
import { createClient } from "../../../tools/soak/transports.ts";

const TLS = new URL("../../fixtures/tls/", import.meta.url);

function read(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, TLS));
}

/** Larger than the windows of HTTP/2 and what is read at a time. */
const LARGE = "large ".repeat(100_000);

const ENCODER = new TextEncoder();

/** A body that goes on until its client leaves. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(ENCODER.encode("more ")) });
}

/** A body that fails after its beginning. */
function broken(): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    async pull(controller) {
      if (isBegun) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return controller.error(new Error("planted"));
      }
      controller.enqueue(ENCODER.encode("begun"));
      isBegun = true;
    },
  });
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/large") return new Response(LARGE, { headers: { etag: '"1"' } });
  if (pathname === "/chunked") return new Response(new Blob([LARGE]).stream());
  if (pathname === "/same") return new Response(null, { status: 304 });
  if (pathname === "/endless") return new Response(endless());
  if (pathname === "/broken") return new Response(broken());
  return new Response(`${request.method} ${request.headers.get("x")} ${await request.text()}`, {
    status: 404,
  });
}

async function readText({ body }: Exchange): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body) text += decoder.decode(piece, { stream: true });
  return text;
}

function get(path: string) {
  return { method: "GET", path, headers: {} };
}

const WAYS: [name: string, hasTls: boolean, isHttp2: boolean][] = [
  ["HTTP/1.1", false, false],
  ["HTTP/1.1 over TLS", true, false],
  ["HTTP/2", true, true],
];

type Way = typeof WAYS[number];

/** Runs a test with a client of a server of one way. */
function clientTest(
  [name, hasTls, isHttp2]: Way,
  what: string,
  run: (client: HttpClient) => Promise<void>,
): void {
  Deno.test(`a client of ${name} ${what}`, async () => {
    const pem = hasTls ? { cert: await read("localhost.pem"), key: await read("localhost.key") } : {};
    const quiet = { onListen() {}, onError: () => new Response(null, { status: 500 }) };
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", ...quiet, ...pem }, answer);
    const ca = hasTls ? { ca: await read("ca.pem") } : {};
    const client = createClient({ name, port: server.addr.port, isHttp2, ...ca });
    await run(client);
    client.drop();
    await server.shutdown();
  });
}

for (const way of WAYS) {
  clientTest(way, "gets what is sent, one answer after the other", async (client) => {
    const ask = { method: "REPORT", path: "/", headers: { x: "y".repeat(1000) }, body: "b".repeat(5000) };
    for (let i = 0; i < 3; i++) {
      const large = await client.send(get("/large"));
      assertEquals([large.status, await readText(large)], [200, LARGE]);
      assertEquals(large.etag, way[2] ? undefined : '"1"');
      const chunked = await client.send(get("/chunked"));
      assertEquals([chunked.status, await readText(chunked)], [200, LARGE]);
      const same = await client.send(get("/same"));
      assertEquals([same.status, await readText(same)], [304, ""]);
      const missing = await client.send(ask);
      assertEquals([missing.status, await readText(missing)], [404, `REPORT ${ask.headers.x} ${ask.body}`]);
    }
  });

  clientTest(way, "gets many answers at a time", async (client) => {
    const exchanges = await Promise.all(Array.from({ length: 40 }, () => client.send(get("/large"))));
    const texts = await Promise.all(exchanges.map(readText));
    assertEquals(texts.map((text) => text === LARGE), texts.map(() => true));
    for (let i = 0; i < 40; i++) client.drop();
  });

  clientTest(way, "says when it was itself that ended an answer", async (client) => {
    const { body, abort } = await client.send(get("/endless"));
    assertEquals((await body.next()).done, false);
    abort();
    await assertRejects(async () => {
      for await (const _ of body);
    }, DroppedError);
  });

  clientTest(way, "says when the server ended an answer", async (client) => {
    const exchange = await client.send(get("/broken"));
    const error = await readText(exchange).catch((error) => error);
    assertInstanceOf(error, Error);
    assertEquals(error instanceof DroppedError, false);
  });
}

Deno.test("clients say when nobody listens", async () => {
  const { port, ca } = await (async () => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    return { port: listener.addr.port, ca: await read("ca.pem") };
  })();
  for (const isHttp2 of [false, true]) {
    const client = createClient({ name: "nobody", port, isHttp2, ca });
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => client.send(get("/")), Deno.errors.ConnectionRefused);
    }
  }
});
