import { assertEquals, assertMatch } from "@std/assert";
import { run } from "../../lib/cli/mod.ts";
import { makeTerminal } from "./_terminal.ts";

const FIXTURES = new URL("../fixtures/tls/", import.meta.url);

/** Asks a server that gives `response` to whoever asks for readiness. */
async function ask(
  response: () => Response,
  tls = false,
): Promise<[code: number, output: string, errors: string]> {
  const certificate = tls && {
    cert: await Deno.readTextFile(new URL("localhost.pem", FIXTURES)),
    key: await Deno.readTextFile(new URL("localhost.key", FIXTURES)),
  };
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...certificate };
  await using server = Deno.serve(
    options,
    ({ url }) => url.endsWith("/health/ready") ? response() : Response.error(),
  );
  const terminal = makeTerminal();
  const url = `${tls ? "https" : "http"}://127.0.0.1:${server.addr.port}`;
  return [await run(["health", "--url", url], terminal), terminal.output, terminal.errors];
}

Deno.test("health gives 0 and the answer of a relay that is ready, over TLS too", async () => {
  for (const tls of [false, true]) {
    assertEquals(await ask(() => new Response("ready"), tls), [0, "ready\n", ""]);
  }
});

Deno.test("health gives 1 and the answer of a relay that is not ready", async () => {
  assertEquals(await ask(() => new Response("not yet", { status: 503 })), [1, "not yet\n", ""]);
});

Deno.test("health prints no more of an answer than a person can read", async () => {
  const [, output] = await ask(() => new Response("x".repeat(1_000_000)));
  assertEquals(output.length, 64 * 1024 + 1);
});

Deno.test("health gives 0 for a relay that is ready, though its answer cannot be written", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("ready"),
  );
  const terminal = makeTerminal();
  terminal.print = () => {
    throw new Error("No space left on device");
  };
  assertEquals(await run(["health", "--url", `http://127.0.0.1:${server.addr.port}`], terminal), 0);
  assertEquals(terminal.errors, "Error: No space left on device\n");
});

Deno.test("health gives 1 and a hint when nobody answers", async () => {
  const terminal = makeTerminal();
  let port: number;
  {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    port = listener.addr.port;
  }
  assertEquals(await run(["health", "--url", `http://127.0.0.1:${port}`], terminal), 1);
  assertMatch(terminal.errors, /^Error: http:\/\/127.0.0.1:\d+\/health\/ready does not answer: .*\nhint: /);
});

Deno.test("health asks the relay of this host by IPv4 and by IPv6", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const options = { port: 0, hostname, onListen: () => {} };
    await using server = Deno.serve(options, () => new Response(`ready at ${hostname}`));
    const path = await Deno.makeTempFile();
    await Deno.writeTextFile(path, `[Main]\nport = ${server.addr.port}\n`);
    const terminal = makeTerminal();
    assertEquals(await run(["health", "--config", path], terminal), 0);
    assertEquals([terminal.output, terminal.errors], [`ready at ${hostname}\n`, ""]);
    await Deno.remove(path);
  }
});

Deno.test("health escapes what a person could not see in an answer", async () => {
  assertEquals(await ask(() => new Response("a\u202eb\nc\x1b")), [0, "a\\u202eb\nc\\u001b\n", ""]);
});
