import type { ValueType } from "./_types.ts";

/**
 * Effect of a setting: `used`; `none`, accepted without effect; `none yet`, accepted with a warning that it has
 * no effect yet; `refused`, since it makes sense online only.
 */
export type Effect = "used" | "none" | "none yet" | "refused";

/** One setting. */
export interface Setting<T = unknown> {
  /** The environment variable. `*` at its end stands for a name that the operator chooses. */
  env?: string;
  /** Type of its value. */
  type: ValueType<T>;
  /** Default, written as in a file. */
  default?: string;
  /** Its effect. @default {that of its section} */
  effect?: Effect;
  /** Whether its environment variable enables a refused section. The other variables of such a section are not read. */
  decides?: boolean;
  /** Whether it is a secret, which nothing shows. */
  isSecret?: boolean;
  /** Whether not even the end of a secret is shown: a person may have chosen it. */
  isHidden?: boolean;
  /** Whether a running relay applies it on SIGHUP. Absent: it needs a restart. */
  isLive?: boolean;
  /** Setting of the same section that it sets: it is a second name of it. */
  sameAs?: string;
  /** Whether a file cannot set it. */
  environmentOnly?: boolean;
  /** Help, in one line. */
  help?: string;
}

/** One section of the file. */
export interface Section {
  /** Effect of its settings. */
  effect: Effect;
  /** Help, in one line. */
  help: string;
  /** Name of the subsection, in quotes in its header. Absent: none. */
  subsection?: string;
  /** Its settings by their name in the file. */
  settings: Record<string, Setting>;
}
