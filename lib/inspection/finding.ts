/**
 * Severity of a finding: `error` where the archive, an environment, a flag or a segment is refused or left out, or a context
 * gets an error or can never get what a flag says; `warning` where something works otherwise than it seems meant; `info` for
 * what is worth knowing.
 */
export type Severity = "error" | "warning" | "info";

/** A line of an archive's entry, and a part of it that is at fault. */
export interface Excerpt {
  /** The line, or the part of it around the fault, with `…` where it is cut off; at most 70 characters, none a control character. */
  text: string;
  /** Offset of the part that is at fault: UTF-16 code units of `text`. */
  caret: number;
  /** Length of that part, as far as it is in `text`: UTF-16 code units, at least 1. */
  length: number;
  /** Number of the line in the entry, from 1. */
  line: number;
  /** Column in that line, from 1: characters. */
  column: number;
}

/** Something that is wrong with an archive, or worth knowing. */
export interface Finding {
  /** Severity. */
  severity: Severity;
  /** Client-side ID of the environment; null where it is about the archive. */
  environment: string | null;
  /** What people know the environment by, `projKey/envKey`; absent where it has no keys. */
  environmentName?: string;
  /** Kind of the item; absent where it is about no single one. */
  kind?: "flag" | "segment";
  /** Key of the flag or the segment; null where it is about no single one. */
  key: string | null;
  /** JSON path in the entry, e.g. `flags.beta.rules[0].clauses[1].values[0]`; null where it is about no place in particular. */
  path: string | null;
  /** What is wrong. */
  message: string;
  /** What to do. */
  hint?: string;
  /** Name of the archive's entry. */
  entry?: string;
  /** Where in the entry it is. */
  excerpt?: Excerpt;
}
