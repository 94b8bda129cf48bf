import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { once } from "node:events";
import { connect } from "node:tls";
import {
  type Certificate,
  followCertificate,
  listen,
  ListenError,
  readCertificate,
} from "../../lib/http/mod.ts";
import { makeLog } from "../_environments.ts";
import { TLS, wayTest } from "./_server.ts";

/** A key that does not belong to the certificate. */
const OTHER_KEY = TLS.key.replace("localhost.key", "other.key");

/** The certificate of the fixtures, for a server that has served with another one. */
const NEXT = readCertificate(TLS);

/** Copies of the files of a certificate, which tests replace. */
class CertificateFiles implements AsyncDisposable {
  readonly directory: string;
  readonly paths: Certificate;

  private constructor(directory: string) {
    this.directory = directory;
    this.paths = { cert: `${directory}/cert.pem`, key: `${directory}/key.pem` };
  }

  static async create(): Promise<CertificateFiles> {
    const files = new CertificateFiles(await Deno.makeTempDir({ prefix: "halyard-" }));
    await Deno.copyFile(TLS.cert, files.paths.cert);
    await Deno.copyFile(TLS.key, files.paths.key);
    return files;
  }

  /** Puts another self-signed pair in their place. */
  async make(): Promise<void> {
    const [cert, key] = [`${this.directory}/new.pem`, `${this.directory}/new.key`];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
    const command = new Deno.Command("openssl", { args: [...args, "-keyout", key, "-out", cert] });
    assertEquals((await command.output()).success, true);
    // Nobody looks between the two.
    Deno.renameSync(cert, this.paths.cert);
    Deno.renameSync(key, this.paths.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"] }).output().then(
  () => true,
  () => false,
);

/** Who the server says that it is, to a new client: the common name of its issuer. */
async function issuerOf(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", servername: "localhost", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { issuer } = socket.getPeerCertificate();
  socket.destroy();
  await once(socket, "close");
  return issuer.CN as string;
}

for (const minVersion of ["1.2", "1.3"] as const) {
  wayTest(
    { tls: { ...TLS, minVersion } },
    `setCertificate() of a server of TLS ${minVersion} keeps open streams`,
    async () => {
      await using files = await CertificateFiles.create();
      await files.make();
      let stream!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) });
      const options = { port: 0, bindAddress: "127.0.0.1", tls: { ...files.paths, minVersion } };
      const server = await listen(() => new Response(body), options, makeLog());
      const { port } = server.addr;
      const client = connect({ host: "127.0.0.1", servername: "localhost", port, rejectUnauthorized: false });
      client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      stream.enqueue(new TextEncoder().encode("before"));
      let received = "";
      while (!received.includes("before")) received += (await once(client, "data"))[0];

      assertEquals(await issuerOf(port), "localhost");
      server.setCertificate!(NEXT);
      assertEquals(await issuerOf(port), "Halyard tests only");
      stream.enqueue(new TextEncoder().encode("after"));
      while (!received.includes("after")) received += (await once(client, "data"))[0];

      const ended = once(client, "end");
      client.resume();
      stream.close();
      client.end();
      await Promise.all([ended, server.shutdown()]);
      client.destroy();
    },
    { ignore: !hasOpenssl },
  );
}

Deno.test({
  name: "followCertificate() hands over a new pair once, and refuses a bad one with one line",
  ignore: !hasOpenssl,
  async fn() {
    await using files = await CertificateFiles.create();
    const log = makeLog();
    let wake = (): void => {};
    const given: Certificate[] = [];
    const follower = followCertificate({
      paths: files.paths,
      current: readCertificate(files.paths),
      log: {
        ...log,
        error: (message, fields) => {
          log.error(message, fields);
          wake();
        },
      },
      onChange: (certificate) => {
        given.push(certificate);
        wake();
      },
      interval: 5,
    });
    async function nextEvent(change: () => Promise<void>): Promise<void> {
      const event = new Promise<void>((resolve) => wake = resolve);
      await change();
      await event;
    }
    await nextEvent(() => files.make());
    assertEquals(given, [readCertificate(files.paths)]);
    await nextEvent(() => Deno.copyFile(OTHER_KEY, files.paths.key));
    assertEquals(given.length, 1);
    await nextEvent(() => files.make());
    assertEquals(given[1], readCertificate(files.paths));
    follower.refresh();
    follower.stop();
    assertEquals(given.length, 2);
    assertEquals(log.lines.filter((line) => line.includes("is not used")).length, 1, log.lines.join("\n"));
  },
});

Deno.test("followCertificate() reads the files on refresh() and says again what is wrong", async () => {
  await using files = await CertificateFiles.create();
  const log = makeLog();
  const follower = followCertificate({
    paths: files.paths,
    current: readCertificate(files.paths),
    log,
    onChange: () => {
      throw new Error("A bad pair must not be handed over");
    },
  });
  follower.refresh();
  assertEquals(log.lines, []);
  await Deno.remove(files.paths.key);
  follower.refresh();
  follower.refresh();
  follower.stop();
  assertEquals(log.lines.length, 2);
  for (const line of log.lines) assertMatch(line, /one before stays.*Cannot read.*for TLS.*hint/);
});

Deno.test("readCertificate() says that a key is of another certificate", () => {
  assertThrows(() => readCertificate({ cert: TLS.cert, key: OTHER_KEY }), ListenError, "KeyMismatch");
});
