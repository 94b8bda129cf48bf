import { assertEquals, assertRejects } from "@std/assert";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readCosignKey, verifyCosignBundle } from "../../lib/trust/cosign_bundle.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";

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

/** A bundle as cosign writes it with a key and without a transparency log. */
function makeBundle(signature: Uint8Array = sign("sha256", MESSAGE, OURS.privateKey)) {
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "x" } },
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(MESSAGE).digest("base64") },
      signature: new Uint8Array(signature).toBase64(),
    },
  };
}

Deno.test("verifyCosignBundle() finds the key that has signed, whatever the lengths of r and s", async () => {
  for (let i = 0; i < 300; i++) {
    assertEquals(await verifyCosignBundle(JSON.stringify(makeBundle()), MESSAGE, KEYS), KEYS[1]);
  }
  assertEquals(await verifyCosignBundle(JSON.stringify(makeBundle()), MESSAGE, [KEYS[0]!]), undefined);
});

Deno.test("verifyCosignBundle() refuses every change of a bit of the signature", async () => {
  const signature = new Uint8Array(sign("sha256", MESSAGE, OURS.privateKey));
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const at = bit >> 3;
    const text = JSON.stringify(makeBundle(signature.with(at, signature[at]! ^ 1 << (bit & 7))));
    const key = await verifyCosignBundle(text, MESSAGE, KEYS).catch((error) => {
      if (!(error instanceof TrustError)) throw error;
    });
    assertEquals([bit, key], [bit, undefined]);
  }
  for (const changed of [new Uint8Array(), signature.slice(0, -1), new Uint8Array([...signature, 0])]) {
    await assertRejects(
      () => verifyCosignBundle(JSON.stringify(makeBundle(changed)), MESSAGE, KEYS),
      TrustError,
      "DER",
    );
  }
});

Deno.test("verifyCosignBundle() refuses other forms by name, and other files", async () => {
  const good = makeBundle();
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

Deno.test("readCosignKey() refuses what is no key on P-256 in PEM", async () => {
  const encoding = { publicKeyEncoding: { type: "spki", format: "pem" } } as const;
  const p384 = generateKeyPairSync("ec", {
    namedCurve: "P-384",
    ...encoding,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  for (const pem of ["", OURS.privateKey, OURS.publicKey + OTHER.publicKey, p384.publicKey]) {
    await assertRejects(() => readCosignKey(pem), TrustError);
  }
});
