import { MAX_BUNDLE_LENGTH } from "./cosign_bundle.ts";
import { MAX_MANIFEST_LENGTH } from "./manifest.ts";
import type { Bytes } from "./_bytes.ts";
import type { SignatureFile } from "./signers.ts";
import { MAX_SIGNATURE_LENGTH } from "./ssh_signature.ts";

/** Most SSH signatures of one manifest. More signers than any site has, and each is looked for at each poll. @limit signatures: further ones are not read */
export const MAX_SIGNATURES = 16;

/** What archives are signed for. */
export const ARCHIVE_NAMESPACE = "halyard-archive";

/** What overrides files are signed for. */
export const OVERRIDES_NAMESPACE = "halyard-overrides";

/**
 * Tells what a file has to be signed for.
 *
 * @param bytes The file.
 * @returns That of overrides for an object in JSON, else that of archives.
 */
export function findNamespace(bytes: Uint8Array): string {
  const first = bytes.find((byte) => !WHITE_SPACE.includes(byte));
  return first === BRACE ? OVERRIDES_NAMESPACE : ARCHIVE_NAMESPACE;
}

/** Bytes that may stand before JSON. */
const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];

/** First byte of an object in JSON. */
const BRACE = 0x7b;

/** What goes into the names of the files beside a signed file. */
const MANIFEST_SUFFIX = ".manifest.json";

/** What is in a file: its bytes, `undefined` where there is no such file, or the reason why it cannot be read. */
export type FileBytes = Bytes | undefined | Error;

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
