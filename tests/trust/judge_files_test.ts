import { assertEquals, assertRejects } from "@std/assert";
import { generateKeyPairSync, hash } from "node:crypto";
import { findNamespace, judgeFiles, parseAllowedSigners, type TrustPolicy } from "../../lib/trust/mod.ts";
import { judge } from "../../lib/trust/verdict.ts";
import { makeBundle } from "./_bundle.ts";
import { CREATED, makeRelease, Signer } from "./_signer.ts";
import { encode } from "./_verdict.ts";

const PATH = "/in/flags.tar.gz";
const FILE = encode("an archive");
const signer = await Signer.create();
const { manifest, signatures: [signature = ""] } = await makeRelease(FILE, [signer]);
const IDENTITY = { path: PATH, digest: hash("sha256", FILE), size: FILE.length };
const NOW = { now: CREATED, buildTime: 0 };
const POLICY: TrustPolicy = {
  namespace: "halyard-archive",
  allowedSigners: "/etc/allowed_signers",
  cosignKeys: [],
  threshold: 1,
};
const CONTENTS = new Map<string, Uint8Array<ArrayBuffer> | Error>([
  [`${PATH}.manifest.json`, manifest],
  [`${PATH}.manifest.json.sig`, encode(signature)],
  ["/etc/allowed_signers", encode(signer.line())],
]);

Deno.test("judgeFiles() says for whom a file is if no site is set, and that nothing was served before", async () => {
  const { isGood, findings } = await judgeFiles(IDENTITY, CONTENTS, POLICY, NOW);
  assertEquals(isGood, true);
  assertEquals(findings.filter(({ isMet }) => isMet === undefined), [
    { rule: "audience", detail: 'for "plant-7"; no audience is set to hold it against' },
    { rule: "release", detail: "version 1; nothing is known to have been served before" },
  ]);
});

Deno.test("judgeFiles() accepts the signature of a key of cosign", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const contents = new Map([
    [`${PATH}.manifest.json`, manifest],
    [`${PATH}.manifest.json.sigstore.json`, encode(JSON.stringify(makeBundle(manifest, privateKey)))],
    ["/etc/cosign.pub", encode(publicKey)],
  ]);
  const policy = { namespace: "halyard-archive", cosignKeys: ["/etc/cosign.pub"], threshold: 1 };
  const { isGood, signers } = await judgeFiles(IDENTITY, contents, policy, NOW);
  assertEquals([isGood, signers.map(({ file }) => file)], [true, [`${PATH}.manifest.json.sigstore.json`]]);
});

Deno.test("judgeFiles() says which file beside the signed one cannot be read", async () => {
  // A signature that cannot be read does not count, whatever others do.
  const junk = new Map([...CONTENTS, [`${PATH}.manifest.json.sig.2`, Uint8Array.of(0xff)], [
    `${PATH}.manifest.json.sig.3`,
    new Error("is a directory"),
  ]]);
  assertEquals((await judgeFiles(IDENTITY, junk as typeof CONTENTS, POLICY, NOW)).isGood, true);
  const contents = new Map([...CONTENTS, [
    `${PATH}.manifest.json`,
    new Error("larger than 16384 bytes"),
  ]]);
  assertEquals(await judgeFiles(IDENTITY, contents as typeof CONTENTS, POLICY, NOW), {
    isGood: false,
    findings: [{ rule: "signatures", isMet: false, detail: "larger than 16384 bytes" }],
    signers: [],
  });
});

Deno.test("findNamespace() tells a file of overrides, which is JSON, from an archive", () => {
  for (const text of ["{", " \t\r\n{}"]) assertEquals(findNamespace(encode(text)), "halyard-overrides");
  for (const text of ["", " ", "[", "\x1f\x8b{", "\ufeff{"]) {
    assertEquals(findNamespace(encode(text)), "halyard-archive");
  }
});

Deno.test("what fails in the runtime is thrown by judgeFiles() and judge(), and breaks no rule", async () => {
  const keys = {
    signers: await parseAllowedSigners(signer.line()),
    cosignKeys: [],
    revoked: new Set<string>(),
  };
  const file = {
    ...IDENTITY,
    manifest,
    signatures: [{ name: ".sig", form: "ssh", text: signature }],
  } as const;
  const { subtle } = crypto;
  const { digest } = subtle;
  const { isSafeInteger } = Number;
  try {
    subtle.digest = () => Promise.reject(new RangeError("Out of memory"));
    await assertRejects(() => judgeFiles(IDENTITY, CONTENTS, POLICY, NOW), RangeError, "Out of memory");
    subtle.digest = digest;
    Number.isSafeInteger = outOfMemory;
    await assertRejects(() => judge(file, { ...POLICY, keys }, NOW), RangeError, "Out of memory");
  } finally {
    subtle.digest = digest;
    Number.isSafeInteger = isSafeInteger;
  }
});

function outOfMemory(): never {
  throw new RangeError("Out of memory");
}
