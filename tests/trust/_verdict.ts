import { type AllowedSigner, parseAllowedSigners } from "../../lib/trust/allowed_signers.ts";
import type { Bytes } from "../../lib/trust/_bytes.ts";
import type { CosignKey } from "../../lib/trust/cosign_bundle.ts";
import { parseManifest } from "../../lib/trust/manifest.ts";
import { type SignatureFile, verifySignatures } from "../../lib/trust/signers.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";

/** When all that the tests sign is valid. */
export const NOW = Date.UTC(2026, 11, 1);

/** A manifest that has every field. */
export const MANIFEST = encode(`${
  JSON.stringify({
    format: 1,
    archiveSha256: "0123456789abcdef".repeat(4),
    archiveSize: 1000,
    version: 42,
    epoch: 0,
    created: "2026-11-01T12:00:00Z",
    notAfter: "2027-01-01T12:00:00Z",
    audience: "plant-7",
    sourceNote: "tested\nby two",
  })
}\n`);

/** What is to be believed, or not, as files. */
export interface Files {
  manifest: Bytes;
  signature: Bytes;
  form: SignatureFile["form"];
  /** As text, or parsed already. */
  allowedSigners: Bytes | readonly AllowedSigner[];
  cosignKeys?: readonly CosignKey[];
}

/** Text in UTF-8. */
export function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** The most lenient way of reading a text: whatever is no UTF-8 becomes a character. */
export function decodeLeniently(bytes: Bytes): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/**
 * Resolves to the fingerprint of the key whose signature counts, or to `undefined` if none does.
 *
 * @throws Whatever else than a TrustError is thrown on the way.
 */
export async function verdictOf({ manifest, signature, form, ...keys }: Files): Promise<string | undefined> {
  try {
    const { allowedSigners, cosignKeys = [] } = keys;
    const signers = allowedSigners instanceof Uint8Array
      ? await parseAllowedSigners(decodeLeniently(allowedSigners))
      : allowedSigners;
    const files: SignatureFile[] = [{ name: "signature", form, text: decodeLeniently(signature) }];
    const trusted = { signers, cosignKeys, revoked: new Set<string>() };
    const verdict = await verifySignatures(manifest, files, trusted, "halyard-archive", NOW);
    if (verdict.signers.length > 0) parseManifest(manifest);
    return verdict.signers[0]?.fingerprint;
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
  }
}
