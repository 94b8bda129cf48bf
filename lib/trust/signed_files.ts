import { MAX_BUNDLE_LENGTH } from "./cosign_bundle.ts";
import { MAX_MANIFEST_LENGTH } from "./manifest.ts";
import type { SignatureFile } from "./signers.ts";
import { MAX_SIGNATURE_LENGTH } from "./ssh_signature.ts";

/** Most SSH signatures of one manifest. More signers than any site has, and each is looked for at each poll. @limit signatures: further ones are not read */
export const MAX_SIGNATURES = 16;

/** What goes into the names of the files beside a signed file. */
const MANIFEST_SUFFIX = ".manifest.json";

/** A file that belongs to a signed one. */
export interface SidecarFile {
  /** Its path. */
  path: string;
  /** Largest size: bytes. */
  maxBytes: number;
  /** What it holds. */
  form: "manifest" | SignatureFile["form"];
}

/**
 * Names the files that make a file a signed one: its manifest, and the manifest's signatures.
 *
 * @param path Path of the file: `flags.tar.gz`.
 * @returns `flags.tar.gz.manifest.json`, then its `.sig`, `.sig.2` and so on, then `.sigstore.json`.
 */
export function listSidecars(path: string): SidecarFile[] {
  const manifest = `${path}${MANIFEST_SUFFIX}`;
  return [
    { path: manifest, maxBytes: MAX_MANIFEST_LENGTH, form: "manifest" },
    ...Array.from({ length: MAX_SIGNATURES }, (_, i): SidecarFile => ({
      path: `${manifest}.sig${i === 0 ? "" : `.${i + 1}`}`,
      maxBytes: MAX_SIGNATURE_LENGTH,
      form: "ssh",
    })),
    { path: `${manifest}.sigstore.json`, maxBytes: MAX_BUNDLE_LENGTH, form: "cosign" },
  ];
}
