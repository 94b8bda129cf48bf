import type { ValueType } from "./_types.ts";

/**
 * What becomes of a setting: `used`; `none`, accepted without effect; `none yet`, accepted with a warning that it has
 * no effect yet; `refused`, since it makes sense online only.
 */
export type Effect = "used" | "none" | "none yet" | "refused";

/** One setting. */
export interface Setting<T = unknown> {
  /** The environment variable. `*` at its end stands for a name that the operator chooses. */
  env?: string;
  /** How its value is written. */
  type: ValueType<T>;
  /** What holds where it is not set, written as in a file. */
  default?: string;
  /** What becomes of it. Absent: what becomes of its section. */
  effect?: Effect;
  /** Whether the environment turns a refused section on with it. The other variables of such a section are not read. */
  decides?: boolean;
  /** Whether a file cannot set it. */
  environmentOnly?: boolean;
  /** What it is for, in one line. */
  help?: string;
}

/** One section of the file. */
export interface Section {
  /** What becomes of its settings. */
  effect: Effect;
  /** What it is for, in one line. */
  help: string;
  /** What stands in quotes in its header. Absent: nothing does. */
  subsection?: string;
  /** Its settings by their name in the file. */
  settings: Record<string, Setting>;
}
