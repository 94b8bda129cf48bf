import { type Manifest, parseManifest } from "./manifest.ts";

/**
 * Writes a manifest, for a person to read and to sign.
 *
 * @param manifest The manifest.
 * @returns JSON with an indent of two spaces and a newline at its end: {@linkcode parseManifest} reads the same from it.
 * @throws {TrustError} A field is not what it has to be, or the text is too long.
 */
export function formatManifest(manifest: Manifest): string {
  const { format, archiveSha256, archiveSize, version, epoch, audience, sourceNote } = manifest;
  const [created, notAfter] = [manifest.created, manifest.notAfter].map(formatUtc);
  const fields = {
    format,
    archiveSha256,
    archiveSize,
    version,
    epoch,
    created,
    notAfter,
    audience,
    sourceNote,
  };
  const text = `${JSON.stringify(fields, null, 2)}\n`;
  parseManifest(new TextEncoder().encode(text));
  return text;
}

/**
 * Writes a time as RFC 3339 has it, in UTC.
 *
 * @param time ms since 1970.
 * @returns The time, without a fraction where it has none; empty where it is none.
 */
export function formatUtc(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace(".000Z", "Z");
}
