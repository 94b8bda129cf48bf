import { parse } from "@std/ini";
import { decode, iniLines, type Occurrence } from "./_ini_lines.ts";

/** Largest configuration file. A file that sets everything has a few KiB, so a larger one is some other file. @limit bytes: the file is refused */
export const MAX_CONFIG_BYTES = 1024 ** 2;

/** A section of a configuration file, all its parts merged. */
export interface IniSection {
  /** The name as it is first written. Sections are the same whatever the case. */
  name: string;
  /** Subsection, in quotes after the name, or `null`. */
  subsection: string | null;
  /** The line of its first header. */
  line: number;
  /** Its variables, each as it is first written, with all occurrences in order. */
  variables: [name: string, occurrences: Occurrence[]][];
}

/**
 * Reads a configuration file.
 *
 * @param bytes The file: UTF-8, with or without a byte order mark.
 * @returns Its sections in order of their first header.
 * @throws {SyntaxError} When it is malformed, naming the line.
 * @throws {RangeError} When it is larger than a configuration file can be.
 */
export function readIni(bytes: Uint8Array): IniSection[] {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new RangeError(`file has ${bytes.length} bytes, more than the ${MAX_CONFIG_BYTES} allowed`);
  }
  const parsed = parse<Record<string, Record<string, string>>>(iniLines(decodeText(bytes)));
  return Object.entries(parsed).map(([title, variables]) => {
    const [name, subsection, line] = decode(title) as [string, string | null, number];
    return {
      name,
      subsection,
      line,
      variables: Object.entries(variables).map((
        [name, occurrences],
      ) => [decode(name) as string, decode(occurrences) as Occurrence[]]),
    };
  });
}

function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  // The first replacement character is where the fault is, unless the file itself has one before it.
  if (!isUtf8(bytes)) {
    throw new SyntaxError(`line ${lineAt(text, text.indexOf("\ufffd"))}: illegal UTF-8 encoding`);
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) throw new SyntaxError(`line ${lineAt(text, nul)}: illegal character NUL`);
  return text;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
