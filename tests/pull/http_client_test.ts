import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createHttpClient, pull, PullError } from "../../lib/pull/mod.ts";
import { makeArchive, prepare } from "./_server.ts";

function fixture(name: string): string {
  return new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
}

/** An HTTPS server with the archive, and the port that it is at. */
async function serveArchive(): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const archive = await makeArchive(true);
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(fixture("localhost.pem")),
    key: await Deno.readTextFile(fixture("localhost.key")),
    onListen() {},
  }, () => new Response(archive));
}

Deno.test("createHttpClient() trusts the CAs of a file, and others as before", async () => {
  await using server = await serveArchive();
  const url = new URL(`https://127.0.0.1:${server.addr.port}/flags.tar.gz`);
  await using setup = await prepare(url);
  const error = await assertRejects(() => pull(setup.options), PullError, "certificate");
  assertMatch(error.hint!, /--ca-file/);
  assertEquals([error.isRefusal, setup.options.timing.pauses], [false, []]);
  using client = createHttpClient(fixture("ca.pem"));
  assertEquals((await pull({ ...setup.options, client })).archive?.environments.length, 1);
});

Deno.test("createHttpClient() refuses a file without certificates", async () => {
  const path = await Deno.makeTempFile();
  const error = assertThrows(() => createHttpClient(path), PullError, "there is no certificate in PEM in it");
  assertMatch(error.hint!, /BEGIN CERTIFICATE/);
  await Deno.remove(path);
  const missing = assertThrows(() => createHttpClient(path), PullError, `Cannot use the CA file "${path}"`);
  assertMatch(missing.hint!, /check the path/);
});
