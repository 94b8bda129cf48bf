import { assert, assertEquals, assertMatch } from "@std/assert";
import { listen, ListenError } from "../../lib/http/mod.ts";
import { makeLog } from "../_environments.ts";

const SELF_SIGNED = "req -x509 -subj /CN=localhost -days 2";
const RSA = "genrsa -out key.pem 2048";

/** What each kind of certificate and key is made with, commands of openssl; whether TLS can be served with it. */
const KINDS: [what: string, commands: string[], isGood: boolean][] = [
  ["RSA of 2048 bits", [RSA, `${SELF_SIGNED} -key key.pem -out cert.pem`], true],
  ["RSA in PKCS#1", [
    RSA,
    "rsa -in key.pem -traditional -out key.pem",
    `${SELF_SIGNED} -key key.pem -out cert.pem`,
  ], true],
  ["ECDSA of P-384", [
    "ecparam -name secp384r1 -genkey -noout -out key.pem",
    `${SELF_SIGNED} -key key.pem -out cert.pem`,
  ], true],
  ["Ed25519", ["genpkey -algorithm ed25519 -out key.pem", `${SELF_SIGNED} -key key.pem -out cert.pem`], true],
  ["what the hint makes", ["HINT"], true],
  [
    "X.509 version 1",
    [
      RSA,
      "req -new -key key.pem -subj /CN=localhost -out csr.pem",
      "x509 -req -in csr.pem -signkey key.pem -out cert.pem",
    ],
    false,
  ],
  ["RSA of 1024 bits", [`${SELF_SIGNED} -newkey rsa:1024 -nodes -keyout key.pem -out cert.pem`], false],
  ["ECDSA of secp256k1", [
    "ecparam -name secp256k1 -genkey -noout -out key.pem",
    `${SELF_SIGNED} -key key.pem -out cert.pem`,
  ], false],
  ["Ed448", ["genpkey -algorithm ed448 -out key.pem", `${SELF_SIGNED} -key key.pem -out cert.pem`], false],
  [
    "RSA-PSS",
    ["genpkey -algorithm rsa-pss -out key.pem", `${SELF_SIGNED} -key key.pem -out cert.pem`],
    false,
  ],
  [
    "a key with a password",
    [`${SELF_SIGNED} -newkey rsa:2048 -passout pass:x -keyout key.pem -out cert.pem`],
    false,
  ],
  [
    "a key of PKCS#1 with a password",
    [
      RSA,
      `${SELF_SIGNED} -key key.pem -out cert.pem`,
      "rsa -in key.pem -traditional -aes256 -passout pass:x -out key.pem",
    ],
    false,
  ],
  ["a certificate in DER", [RSA, `${SELF_SIGNED} -key key.pem -outform DER -out cert.pem`], false],
  ["a key in DER", [
    RSA,
    `${SELF_SIGNED} -key key.pem -out cert.pem`,
    "rsa -in key.pem -outform DER -out key.pem",
  ], false],
  [
    "PKCS#12",
    [
      RSA,
      `${SELF_SIGNED} -key key.pem -out c.pem`,
      "pkcs12 -export -in c.pem -inkey key.pem -passout pass: -out cert.pem",
    ],
    false,
  ],
  ["a request for a certificate", [RSA, "req -new -key key.pem -subj /CN=localhost -out cert.pem"], false],
  ["a key for a certificate", [RSA, "rsa -in key.pem -out cert.pem"], false],
  ["a key of another certificate", [RSA, `${SELF_SIGNED} -key key.pem -out cert.pem`, RSA], false],
  [
    "a public key",
    [RSA, `${SELF_SIGNED} -key key.pem -out cert.pem`, "rsa -in key.pem -pubout -out key.pem"],
    false,
  ],
  ["an empty certificate", [RSA, "EMPTY"], false],
  ["a broken certificate", [RSA, `${SELF_SIGNED} -key key.pem -out cert.pem`, "BREAK"], false],
];

const BROKEN = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n";

/** The example at the end of the hint, on the names of these tests. */
async function readHint(): Promise<string> {
  const tls = { cert: "/dev/null", key: "/dev/null", minVersion: "1.2" } as const;
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/empty`, "");
  const paths = { ...tls, cert: `${directory}/empty`, key: `${directory}/empty` };
  const error = await listen(
    () => new Response(),
    { port: 0, bindAddress: "127.0.0.1", tls: paths },
    makeLog(),
  )
    .catch((error) => error);
  await Deno.remove(directory, { recursive: true });
  return /openssl (.*)$/.exec(error.hint)![1]!.replaceAll("HOST", "localhost");
}

async function make(command: string, directory: string): Promise<void> {
  if (command === "EMPTY") return await Deno.writeTextFile(`${directory}/cert.pem`, "");
  if (command === "BREAK") return await Deno.writeTextFile(`${directory}/cert.pem`, BROKEN);
  const args = (command === "HINT" ? await readHint() : command).split(" ");
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd: directory }).output();
  assert(success, `${command}: ${new TextDecoder().decode(stderr)}`);
}

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"] }).output().then(
  () => true,
  () => false,
);

for (const [what, commands, isGood] of KINDS) {
  Deno.test({
    name: `listen() ${
      isGood ? "serves TLS with" : "says that the certificate, not the port, is wrong for"
    } ${what}`,
    ignore: !hasOpenssl,
    async fn() {
      const directory = await Deno.makeTempDir({ prefix: "halyard-" });
      for (const command of commands) await make(command, directory);
      for (const minVersion of ["1.2", "1.3"] as const) {
        const tls = { cert: `${directory}/cert.pem`, key: `${directory}/key.pem`, minVersion };
        const options = { port: 0, bindAddress: "127.0.0.1", tls };
        const result = await listen(() => new Response(), options, makeLog()).catch((error) => error);
        if (isGood) {
          assertEquals(result.addr?.hostname, "127.0.0.1", result.message);
          await result.shutdown();
          continue;
        }
        assert(result instanceof ListenError);
        assertMatch(result.message, /^Cannot serve TLS with ".*cert\.pem" and ".*key\.pem": ./);
        assertMatch(result.hint, /TLS_CERT.*version 1.*TLS_KEY.*RSA of 2048 bits.*openssl req -x509 /);
        assert(!/\bPORT\b/.test(result.hint), result.hint);
      }
      await Deno.remove(directory, { recursive: true });
    },
  });
}

Deno.test("listen() speaks of the address, not of a good certificate, where the address is at fault", async () => {
  using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const fixture = (name: string): string => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
  for (const minVersion of ["1.2", "1.3"] as const) {
    const tls = { cert: fixture("localhost.pem"), key: fixture("localhost.key"), minVersion };
    for (
      const [bindAddress, hint] of [
        ["127.0.0.1", /^another program has this port/],
        ["192.0.2.1", /PORT and BIND_ADDRESS/],
        ["nonexistent.invalid", /PORT and BIND_ADDRESS/],
      ] as const
    ) {
      const options = { port: taken.addr.port, bindAddress, tls };
      const error = await listen(() => new Response(), options, makeLog()).catch((error) => error);
      assert(error instanceof ListenError);
      assertMatch(error.message, /^Cannot listen on port /);
      assertMatch(error.hint, hint);
    }
  }
});
