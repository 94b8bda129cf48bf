import { init } from "@launchdarkly/node-server-sdk";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import { connect, type SecureVersion } from "node:tls";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, type RelayProcess, startRelay } from "./_relay.ts";

const FIXTURES = new URL("../fixtures/tls/", import.meta.url);
const CA = await Deno.readTextFile(new URL("ca.pem", FIXTURES));
const USER = { kind: "user", key: "u" };

function fixture(name: string): string {
  return new URL(name, FIXTURES).pathname;
}

const TLS = { TLS_ENABLED: "true", TLS_CERT: fixture("localhost.pem"), TLS_KEY: fixture("localhost.key") };

/** Serves `file` over TLS with a minimum TLS version. */
async function startTlsRelay(file: DataFile, minVersion: string): Promise<RelayProcess> {
  const relay = await startRelay({
    env: { ...TLS, TLS_MIN_VERSION: minVersion, FILE_DATA_SOURCE: file.path },
  });
  return { ...relay, url: relay.url.replace("http://127.0.0.1", "https://localhost") };
}

function archiveWith(value: unknown, version = 1): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
}

/** The version that a client which speaks none above `maxVersion` agrees on, or why it cannot. */
async function handshake(port: number, maxVersion: SecureVersion): Promise<string> {
  const socket = connect({ host: "localhost", port, ca: CA, maxVersion });
  try {
    await once(socket, "secureConnect");
    return socket.getProtocol()!;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    socket.destroy();
  }
}

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"] }).output().then(
  () => true,
  () => false,
);

/** The number of certificates that a new client is sent. */
async function chainLength(port: number): Promise<number> {
  const args = ["s_client", "-showcerts", "-connect", `localhost:${port}`];
  const { stdout } = await new Deno.Command("openssl", { args, stdin: "null" }).output();
  return new TextDecoder().decode(stdout).split("BEGIN CERTIFICATE").length - 1;
}

/** What clients look at in an answer. */
async function describe(response: Response): Promise<unknown[]> {
  const names = ["content-type", "etag", "vary", "x-ld-envid", "allow", "location"];
  return [response.status, await response.text(), ...names.map((name) => response.headers.get(name))];
}

// The configured minimum TLS version, and what a client gets that speaks TLS 1.2 at most.
const VERSIONS: [minVersion: string, outcome: string][] = [
  ["", "TLSv1.2"],
  ["1.0", "TLSv1.2"],
  ["1.2", "TLSv1.2"],
  ["1.3", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"],
];

for (const [minVersion, outcome] of VERSIONS) {
  Deno.test(`main.ts with TLS_MIN_VERSION="${minVersion}" lets in the versions that it should`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    await using relay = await startTlsRelay(file, minVersion);
    assertStringIncludes(relay.lines.join("\n"), `Listening on https://localhost:${relay.port} `);
    assertEquals(await handshake(relay.port, "TLSv1.3"), "TLSv1.3");
    assertEquals(await handshake(relay.port, "TLSv1.2"), outcome);
    assertEquals(relay.lines.some((line) => line.includes("TLS 1.0 is not supported")), minVersion === "1.0");
  });
}

for (const minVersion of ["1.2", "1.3"]) {
  Deno.test(`main.ts serves an SDK by stream over TLS ${minVersion}, and ends well`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    await using relay = await startTlsRelay(file, minVersion);
    const client = init("sdk-e1", {
      baseUri: relay.url,
      streamUri: relay.url,
      eventsUri: relay.url,
      tlsParams: { ca: CA },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await client.waitForInitialization({ timeout: 10 });
    assertEquals(await client.variation("f", USER, "fallback"), "one");
    const updated = once(client, "update:f");
    await file.replace(await archiveWith("two", 2));
    await updated;
    assertEquals(await client.variation("f", USER, "fallback"), "two");
    client.close();
    assertEquals((await relay.stop()).code, 0);
    assertEquals(relay.errors, []);
  });

  Deno.test(`main.ts answers over TLS ${minVersion} as over plain HTTP`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    await using secure = await startTlsRelay(file, minVersion);
    await using plain = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
    using client = Deno.createHttpClient({ caCerts: [CA] });
    const authorization = "sdk-e1";
    const first = await fetch(`${plain.url}/sdk/latest-all`, { headers: { authorization } });
    await first.body?.cancel();
    const etag = first.headers.get("etag")!;
    const requests: [path: string, init: RequestInit][] = [
      ["/sdk/latest-all", { headers: { authorization } }],
      ["/sdk/latest-all", { headers: { authorization, "if-none-match": etag } }],
      ["/sdk/latest-all", { method: "HEAD", headers: { authorization } }],
      ["/sdk//flags?a=b", { headers: { authorization }, redirect: "manual" }],
      ["/sdk/latest-all", { headers: { authorization: "wrong" } }],
      ["/sdk/latest-all", { method: "POST", body: "x", headers: { authorization } }],
      ["/bulk", { method: "POST", body: "[]", headers: { authorization } }],
      ["/nowhere", {}],
    ];
    for (const [path, init] of requests) {
      const expected = await describe(await fetch(plain.url + path, init));
      const answer = await describe(await fetch(secure.url + path, { ...init, client }));
      assertEquals(answer, expected, `${init.method ?? "GET"} ${path}`);
    }
  });

  Deno.test(`main.ts ignores who speaks no TLS to its TLS ${minVersion} port`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    await using relay = await startTlsRelay(file, minVersion);
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: relay.port });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    while (await connection.read(new Uint8Array(100)) !== null);
    assertEquals(await handshake(relay.port, "TLSv1.3"), "TLSv1.3");
    assertEquals((await relay.stop()).code, 0);
    assertEquals(relay.errors, []);
  });
}

for (const threads of ["1", "2"]) {
  for (const minVersion of ["1.2", "1.3"]) {
    Deno.test({
      name:
        `main.ts gives new connections over TLS ${minVersion} the new certificate, with THREADS=${threads}`,
      ignore: !hasOpenssl,
      async fn() {
        await using file = await DataFile.create(await archiveWith("one"));
        const directory = await Deno.makeTempDir({ prefix: "halyard-" });
        const [cert, key] = [`${directory}/cert.pem`, `${directory}/key.pem`];
        await Deno.copyFile(TLS.TLS_CERT, cert);
        await Deno.copyFile(TLS.TLS_KEY, key);
        const env = { ...TLS, TLS_CERT: cert, TLS_KEY: key, TLS_MIN_VERSION: minVersion, THREADS: threads };
        await using relay = await startRelay({ env: { ...env, FILE_DATA_SOURCE: file.path } });
        const open = connect({ host: "localhost", port: relay.port, ca: CA });
        open.write("GET /all HTTP/1.1\r\nHost: localhost\r\nAuthorization: sdk-e1\r\n\r\n");
        let received = "";
        while (!received.includes("event: put")) received += (await once(open, "data"))[0];

        await Deno.copyFile(fixture("other.key"), key);
        Deno.kill(relay.pid, "SIGHUP");
        await relay.waitFor("The new certificate is not used, the one before stays");
        assertEquals(await handshake(relay.port, "TLSv1.3"), "TLSv1.3");

        // The chain ends with a certificate that clients do not need: other bytes, and the same name.
        await Deno.writeTextFile(cert, await Deno.readTextFile(TLS.TLS_CERT) + CA);
        await Deno.copyFile(TLS.TLS_KEY, key);
        Deno.kill(relay.pid, "SIGHUP");
        await relay.waitFor("Reloaded the certificate");
        while (await chainLength(relay.port) < 2);
        await file.replace(await archiveWith("two", 2));
        while (!received.includes("event: patch")) received += (await once(open, "data"))[0];
        open.destroy();
        assertEquals((await relay.stop()).code, 0);
        await Deno.remove(directory, { recursive: true });
      },
    });
  }
}

// What is wrong with the certificate, the message and the hint.
const REFUSALS: [what: string, env: Record<string, string>, message: RegExp, hint: RegExp][] = [
  ["no key", { TLS_KEY: "" }, /^Configuration error: TLS cert and key are required/, /tlsCert and tlsKey/],
  [
    "a missing certificate",
    { TLS_CERT: "/nonexistent.pem" },
    /^Unable to create relay: Cannot read "\/nonexistent.pem" for TLS: No such file/,
    /TLS_CERT and TLS_KEY/,
  ],
  [
    "a key for a certificate",
    { TLS_CERT: TLS.TLS_KEY },
    /^Unable to create relay: Cannot serve TLS with ".*": No certificates found/,
    /TLS_CERT .* must be an X.509 certificate in PEM/,
  ],
  [
    "a certificate for a key",
    { TLS_KEY: TLS.TLS_CERT },
    /^Unable to create relay: Cannot serve TLS with ".*": No keys found/,
    /TLS_KEY .* its own private key/,
  ],
  [
    "a key of another certificate",
    { TLS_KEY: fixture("other.key") },
    /^Unable to create relay: Cannot serve TLS with ".*": .*KeyMismatch/,
    /TLS_KEY .* its own private key/,
  ],
  ["an unknown version", { TLS_MIN_VERSION: "1.4" }, /^Configuration error: TLS_MIN_VERSION: .*"1.4"/, /./],
];

for (const [what, env, message, hint] of REFUSALS) {
  for (const minVersion of ["1.2", "1.3"]) {
    Deno.test(`main.ts refuses ${what} for TLS ${minVersion} and says what to do`, async () => {
      await using file = await DataFile.create(await archiveWith("one"));
      const all = { ...TLS, FILE_DATA_SOURCE: file.path, TLS_MIN_VERSION: minVersion, ...env };
      const { code, stderr } = await halyardCommand({ env: { ...all, PORT: String(freePort()) } }).output();
      const [first, second] = new TextDecoder().decode(stderr).split("\n");
      assertEquals(code, 1);
      assertMatch(first!, message);
      assertMatch(second!, hint);
    });
  }
}
