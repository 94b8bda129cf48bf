import { Buffer } from "node:buffer";
import { ArchiveError } from "./archive_error.ts";
import { isGzip } from "./_gunzip.ts";
import { looksLikeHeader } from "./_header.ts";
import { quote } from "./_names.ts";

/** Length of the excerpt in messages: bytes. No secret is in so few: LaunchDarkly's keys begin with `sdk-`, `mob-`, `rel-`. */
const SHOWN_BYTES = 4;

/** Length of the part that is inspected: bytes. An HTML page may begin with long comments. */
const SAMPLE_BYTES = 4096;

const ANSWER =
  "It looks like an error answer saved as a file: read it with head -c 300, check key and URL, and download the " +
  "archive with curl --fail, which saves no errors";
const UNPACK =
  "If the archive is in it, unpack it and name the .tar.gz; loose files are packed with tar -czf";
const RECOMPRESS = "Halyard reads .tar.gz and .tar: decompress the file, or compress it with gzip instead";
const PROGRAM = "Check the path: this is a program, not the archive";
const DECRYPT = "Decrypt the file first: Halyard reads the .tar.gz itself";
const BINARY = "Copy or download the file again as binary: something has treated it as text";
const OTHER =
  "Check the path, and copy or download the file again: it must be the .tar.gz from LaunchDarkly, or the .tar in it";

/** First bytes, as Latin-1, of what is mistaken for an archive; its name; and a hint. From each format's specification. */
const MAGIC: [starts: string[], name: string, hint: string][] = [
  [["\x1f\x8b"], "gzip once more", "The file was compressed twice: decompress it once with gunzip"],
  [["\x1f\xef\xbf\xbd"], "gzip data that a conversion to UTF-8 has destroyed", BINARY],
  [["\xff\xfe", "\xfe\xff"], "UTF-16 text", BINARY],
  [["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"], "a zip file", UNPACK],
  [["7z\xbc\xaf\x27\x1c"], "a 7z file", UNPACK],
  [["Rar!\x1a\x07"], "a RAR file", UNPACK],
  [["070701", "070702", "070707", "\xc7\x71"], "a cpio archive", UNPACK],
  [["!<arch>\n"], "an ar archive or a Debian package", UNPACK],
  [["\xed\xab\xee\xdb"], "an RPM package", UNPACK],
  [["\xfd7zXZ\0"], "xz data", RECOMPRESS],
  [["BZh"], "bzip2 data", RECOMPRESS],
  [["\x28\xb5\x2f\xfd"], "zstd data", RECOMPRESS],
  [["\x04\x22\x4d\x18"], "lz4 data", RECOMPRESS],
  [["LZIP\x01"], "lzip data", RECOMPRESS],
  [["\x5d\0\0"], "lzma data", RECOMPRESS],
  [["\x1f\x9d", "\x1f\xa0"], "compress (.Z) data", RECOMPRESS],
  [["\x7fELF"], "an ELF program", PROGRAM],
  [["MZ\x90\0"], "a Windows program", PROGRAM],
  [["\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"], "a macOS program", PROGRAM],
  [["#!"], "a script", PROGRAM],
  [["age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE"], "data encrypted with age", DECRYPT],
  [["-----BEGIN PGP MESSAGE"], "data encrypted with OpenPGP", DECRYPT],
  [["Salted__"], "data encrypted with openssl", DECRYPT],
];

/** The same for text, in which byte order mark, white space and case do not matter. */
const TEXTS: [pattern: RegExp, name: string, hint: string][] = [
  [
    /^version https:\/\/git-lfs\.github\.com\//i,
    "a Git LFS pointer",
    "The repository gave a pointer in place of the file: fetch the file with git lfs pull",
  ],
  [
    /^\S*\/annex\/objects\//i,
    "a git-annex pointer",
    "The repository gave a pointer in place of the file: fetch the file with git annex get",
  ],
  [/^HTTP\/[1-3]/i, "an HTTP response with its headers", "Save the body alone: curl without -i"],
  [
    /^H4sI[\w+/=-]/,
    "gzip in base64",
    "Decode it with base64 -d; in a Kubernetes ConfigMap it belongs in binaryData",
  ],
  [/^1f ?8b ?08/i, "gzip in hexadecimal", "Decode it with xxd -r -p"],
  [/^(<!--[^]*?-->\s*)*<(!doctype\s+html|html|head|body|title|meta|script)\b/i, "an HTML page", ANSWER],
  [/^<[?!a-z]/i, "XML", ANSWER],
  [/^(\{\s*("|\}|$)|\[\s*(["{[\]\d-]|true|false|null|$)|"|(null|true|false|-?\d+)\s*$)/, "JSON", ANSWER],
];

/**
 * Refuses bytes that do not start like a tar, and names their format.
 *
 * @param bytes The file, or the content of its gzip.
 * @param unzipped Whether they are the content of a gzip.
 * @throws {ArchiveError} When they do not begin as a tar does.
 */
export function refuseOtherKinds(bytes: Uint8Array, unzipped: boolean): void {
  if (looksLikeHeader(bytes)) return;
  const what = !unzipped
    ? "it is neither gzip nor tar"
    : isGzip(bytes)
    ? "it is gzip, but its content is not a tar"
    : "it is gzip, but its content is neither gzip nor tar";
  const { name, hint } = identify(bytes.subarray(0, SAMPLE_BYTES));
  throw new ArchiveError("not-an-archive", `${what}: it begins with ${show(bytes)}, ${name}`, { hint });
}

function identify(sample: Uint8Array): { name: string; hint: string } {
  const start = toLatin1(sample);
  const magic = MAGIC.find(([starts]) => starts.some((bytes) => start.startsWith(bytes)));
  if (magic) return { name: magic[1], hint: magic[2] };
  const text = readText(sample);
  if (text === undefined) return { name: "binary data of no known kind", hint: OTHER };
  if (text.includes("\0")) return { name: "UTF-16 text", hint: BINARY };
  const kind = TEXTS.find(([pattern]) => pattern.test(text));
  return kind ? { name: kind[1], hint: kind[2] } : { name: "plain text", hint: OTHER };
}

/** Decodes bytes as characters of the same value. (`TextDecoder` reads "latin1" as windows-1252, as browsers do.) */
function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/**
 * Reads text in UTF-8, cut off or not, or in UTF-16 of ASCII without byte order mark, which is UTF-8 with NULs.
 *
 * @returns The text without byte order mark and white space at its start; `undefined` if there are other control characters.
 */
function readText(sample: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true });
    if (/^(\P{Cc}\0|\0\P{Cc})+.?$/u.test(text)) return text;
    return /[^\P{Cc}\t\n\f\r]/u.test(text) ? undefined : text.trimStart();
  } catch {
    return undefined;
  }
}

/** Shows the first bytes: as text if they are printable ASCII, else in hexadecimal. */
function show(bytes: Uint8Array): string {
  const start = bytes.subarray(0, SHOWN_BYTES);
  const latin1 = toLatin1(start);
  return /^[\t\n\r -~]+$/.test(latin1)
    ? quote(latin1)
    : [...start].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
