import type { Setting } from "./_section.ts";
import { boolean, type ValueSource, type ValueType } from "./_types.ts";
import { type SectionName, SECTIONS } from "./table.ts";

type Sections = typeof SECTIONS;

type ValueOf<S> = S extends { type: ValueType<infer T> } ? T : never;

/** What was read, by section and name. `undefined`: not set. */
export type Values = {
  [S in SectionName]: {
    [N in keyof Sections[S]["settings"]]?: ValueOf<Sections[S]["settings"][N]> | undefined;
  };
};

/** A section's values; those that have a default are always there. */
type Complete<S extends SectionName> = {
  [N in keyof Sections[S]["settings"]]: Sections[S]["settings"][N] extends { default: string }
    ? ValueOf<Sections[S]["settings"][N]>
    : ValueOf<Sections[S]["settings"][N]> | undefined;
};

/** Starts to read: nothing is set. */
export function noValues(): Values {
  return Object.fromEntries(Object.keys(SECTIONS).map((name) => [name, {}])) as Values;
}

/** A setting's text and where it is written. */
export interface WrittenText {
  /** The section of the setting. */
  section: SectionName;
  /** Its name in that section. */
  name: string;
  /** What is written; `null` where the name stands alone. */
  text: string | null;
  /** Where. */
  source: ValueSource;
}

/**
 * Reads a text: sets the value, or adds to a list.
 *
 * @param values Get it.
 * @param written The text.
 * @returns What is wrong with it, if something is.
 */
export function readText(values: Values, { section, name, text, source }: WrittenText): string | undefined {
  const settings: Record<string, Setting> = SECTIONS[section].settings;
  const { type } = settings[name]!;
  const target: Record<string, unknown> = values[section];
  const before = target[name];
  let value;
  try {
    if (text === null && type.blank === undefined) return "blank value not supported for type";
    value = text === null ? type.blank : type.parse(text, source);
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
  if (value === undefined && type === boolean) return; // As in the Relay Proxy; anything else it unsets.
  target[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
}

/** Puts defaults where nothing was set. */
export function withDefaults<S extends SectionName>(section: S, values: Values[S]): Complete<S> {
  const settings: Record<string, Setting> = SECTIONS[section].settings;
  const read: Record<string, unknown> = values;
  return Object.fromEntries(
    Object.entries(settings).map(([name, { type, default: text }]) => [
      name,
      read[name] ?? (text === undefined ? undefined : type.parse(text, "file")),
    ]),
  ) as Complete<S>;
}

/** What was read so far. */
export interface Reading {
  /** The values. */
  values: Values;
  /** Where environments are configured, as a person would look for it: `[Environment "production"]`. */
  environments: string[];
  /** Where filters are configured, likewise. */
  filters: string[];
  /** What the operator should know, a sentence each. */
  warnings: string[];
}
