import { assertEquals, assertRejects } from "@std/assert";
import { generateKeyPairSync, sign } from "node:crypto";
import { readCosignKey, verifyCosignBundle } from "../../lib/trust/cosign_bundle.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { makeBundle } from "./_bundle.ts";

const MESSAGE = new TextEncoder().encode('{"format":1}\n');

function makeKey() {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

const OURS = makeKey();
const OTHER = makeKey();
const KEYS = [await readCosignKey(OTHER.publicKey), await readCosignKey(OURS.publicKey)];

function makeOurs(signature?: Uint8Array) {
  return makeBundle(MESSAGE, OURS.privateKey, signature);
}

Deno.test("verifyCosignBundle() finds the key that has signed, whatever the lengths of r and s", async () => {
  for (let i = 0; i < 300; i++) {
    assertEquals(await verifyCosignBundle(JSON.stringify(makeOurs()), MESSAGE, KEYS), KEYS[1]);
  }
  assertEquals(await verifyCosignBundle(JSON.stringify(makeOurs()), MESSAGE, [KEYS[0]!]), undefined);
});

Deno.test("verifyCosignBundle() refuses every change of a bit of the signature", async () => {
  const signature = new Uint8Array(sign("sha256", MESSAGE, OURS.privateKey));
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const at = bit >> 3;
    const text = JSON.stringify(makeOurs(signature.with(at, signature[at]! ^ 1 << (bit & 7))));
    const key = await verifyCosignBundle(text, MESSAGE, KEYS).catch((error) => {
      if (!(error instanceof TrustError)) throw error;
    });
    assertEquals([bit, key], [bit, undefined]);
  }
  for (const changed of [new Uint8Array(), signature.slice(0, -1), new Uint8Array([...signature, 0])]) {
    await assertRejects(
      () => verifyCosignBundle(JSON.stringify(makeOurs(changed)), MESSAGE, KEYS),
      TrustError,
      "DER",
    );
  }
});

Deno.test("verifyCosignBundle() refuses other forms by name, and other files", async () => {
  const good = makeOurs();
  const { messageSignature } = good;
  const faults: [bundle: unknown, message: string][] = [
    [[], "not a JSON object"],
    [{ ...good, mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2" }, "mediaType is not"],
    [{ base64Signature: "x", cert: "", rekorBundle: {} }, "an older form"],
    [{ ...good, dsseEnvelope: {} }, "an attestation (dsseEnvelope)"],
    [{ ...good, verificationMaterial: { certificate: {} } }, "is not by a publicKey alone: sign with a key"],
    [{ ...good, messageSignature: undefined }, "for another file"],
    [{ ...good, messageSignature: { ...messageSignature, signature: 1 } }, "no messageSignature.signature"],
    [{ ...good, messageSignature: { ...messageSignature, signature: "!" } }, "not in base64"],
    [
      {
        ...good,
        messageSignature: {
          ...messageSignature,
          messageDigest: { ...messageSignature.messageDigest, algorithm: "SHA2_512" },
        },
      },
      "for another file",
    ],
  ];
  for (const [bundle, message] of faults) {
    await assertRejects(() => verifyCosignBundle(JSON.stringify(bundle), MESSAGE, KEYS), TrustError, message);
  }
  await assertRejects(
    () => verifyCosignBundle(JSON.stringify(good), MESSAGE.with(0, 0), KEYS),
    TrustError,
    "for another file",
  );
  await assertRejects(() => verifyCosignBundle("{", MESSAGE, KEYS), TrustError, "not JSON");
  await assertRejects(() => verifyCosignBundle("x".repeat(262_145), MESSAGE, KEYS), TrustError, "more than");
});

Deno.test("verifyCosignBundle() refuses a field that is there twice, and a certificate beside the key", async () => {
  const text = JSON.stringify(makeOurs());
  assertEquals(await verifyCosignBundle(text, MESSAGE, KEYS), KEYS[1]);
  const twice = [
    text.replace('"mediaType"', '"mediaType":"","mediaType"'),
    text.replace('"signature"', '"signature":"AAAA","signature"'),
    text.replace('"algorithm"', '"\\u0061lgorithm":"SHA2_256","algorithm"'),
    text.replace('"hint"', '"hint":"","hint"'),
  ];
  for (const changed of twice) {
    await assertRejects(() => verifyCosignBundle(changed, MESSAGE, KEYS), TrustError, "has a field twice");
  }
  for (const name of ["certificate", "x509CertificateChain"]) {
    const changed = text.replace('{"publicKey"', `{"${name}":{},"publicKey"`);
    await assertRejects(
      () => verifyCosignBundle(changed, MESSAGE, KEYS),
      TrustError,
      "not with a certificate",
    );
  }
  const logged = text.replace('{"publicKey"', '{"tlogEntries":[{"logIndex":"1","version":1}],"publicKey"');
  assertEquals(await verifyCosignBundle(logged, MESSAGE, KEYS), KEYS[1]);
});

Deno.test("verifyCosignBundle() refuses a signature in base64 with breaks, and every other form of DER", async () => {
  const { messageSignature: { signature } } = makeOurs();
  for (const changed of [`${signature}\n`, ` ${signature}`, signature.replace("M", "M\n")]) {
    const bundle = makeOurs();
    bundle.messageSignature.signature = changed;
    await assertRejects(
      () => verifyCosignBundle(JSON.stringify(bundle), MESSAGE, KEYS),
      TrustError,
      "The bundle's signature is not in base64",
    );
  }
  const one = [2, 1, 1];
  const others = [
    [],
    [0x30],
    [0x30, 0],
    [0x30, 3, ...one],
    [0x30, 9, ...one, ...one, ...one],
    [0x31, 6, ...one, ...one],
    [0x30, 5, ...one, ...one],
    [0x30, 6, ...one, ...one, 0],
    [0x30, 0x81, 6, ...one, ...one], // a length in two bytes
    [0x30, 0x80, ...one, ...one, 0, 0], // a length that is open
    [0x30, 6, 3, 1, 1, ...one],
    [0x30, 5, 2, 0, ...one],
    [0x30, 5, ...one, 2, 0],
    [0x30, 6, 2, 1, 0, ...one], // zero
    [0x30, 6, ...one, 2, 1, 0],
    [0x30, 7, 2, 2, 0, 1, ...one], // a zero too many
    [0x30, 6, 2, 1, 0x80, ...one], // negative
    [0x30, 6, ...one, 2, 2, 1],
    [0x30, 6, ...one, 2, 0x81, 1],
    [0x30, 73, 2, 35, 0, 0x80, ...Array(33).fill(1), 2, 34, ...Array(34).fill(1)],
  ];
  for (const der of others) {
    await assertRejects(
      () => verifyCosignBundle(JSON.stringify(makeOurs(new Uint8Array(der))), MESSAGE, KEYS),
      TrustError,
      "The bundle's signature is not one of ECDSA on P-256 in DER",
      der.join(),
    );
  }
  const small = new Uint8Array([0x30, 6, ...one, ...one]);
  assertEquals(await verifyCosignBundle(JSON.stringify(makeOurs(small)), MESSAGE, KEYS), undefined);
  const long = new Uint8Array([0x30, 38, 2, 33, ...Array(33).fill(1), ...one]);
  await assertRejects(
    () => verifyCosignBundle(JSON.stringify(makeOurs(long)), MESSAGE, KEYS),
    TrustError,
    "a number longer than its curve's",
  );
});

Deno.test("readCosignKey() refuses what is no key on P-256 in PEM", async () => {
  const encoding = { publicKeyEncoding: { type: "spki", format: "pem" } } as const;
  const p384 = generateKeyPairSync("ec", {
    namedCurve: "P-384",
    ...encoding,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  for (const file of ["", OURS.privateKey, OURS.publicKey + OTHER.publicKey, p384.publicKey]) {
    await assertRejects(() => readCosignKey(file), TrustError);
  }
  const pem = (der: Uint8Array) =>
    `-----BEGIN PUBLIC KEY-----\n${der.toBase64()}\n-----END PUBLIC KEY-----\n`;
  const der = Uint8Array.fromBase64(OURS.publicKey.split("\n").slice(1, -2).join(""));
  assertEquals((await readCosignKey(pem(der))).fingerprint, KEYS[1]!.fingerprint);
  const rows: [der: Uint8Array, message: string][] = [
    [new Uint8Array(3), "The key is not an ECDSA key on P-256"],
    [der.subarray(0, 26), "The ECDSA key has no uncompressed point of nistp256"],
    [new Uint8Array([...der, 0]), "The ECDSA key has no uncompressed point of nistp256"],
    [der.with(26, 3), "The ECDSA key has no uncompressed point of nistp256"],
    [der.with(30, der[30]! ^ 1), "The ECDSA key's point is not on nistp256"],
  ];
  for (const [der, message] of rows) await assertRejects(() => readCosignKey(pem(der)), TrustError, message);
});
