import { createHash, type KeyLike, sign } from "node:crypto";

/** A bundle as cosign writes it with a key and without a transparency log. */
export interface Bundle {
  mediaType: string;
  verificationMaterial: { publicKey: { hint: string } };
  messageSignature: { messageDigest: { algorithm: string; digest: string }; signature: string };
}

/** Signs as `cosign sign-blob --key` does. */
export function makeBundle(
  message: Uint8Array,
  privateKey: KeyLike,
  signature: Uint8Array = sign("sha256", message, privateKey),
): Bundle {
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "a hint" } },
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(message).digest("base64") },
      signature: new Uint8Array(signature).toBase64(),
    },
  };
}
