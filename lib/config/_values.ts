import type { Setting } from "./_section.ts";
import { boolean, type ValueSource, type ValueType } from "./_types.ts";
import { type SectionName, SECTIONS } from "./table.ts";

type Sections = typeof SECTIONS;

type ValueOf<S> = S extends { type: ValueType<infer T> } ? T : never;

/** Values by section and name. `undefined`: not set. */
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

/** Creates values of which none is set. */
export function noValues(): Values {
  return Object.fromEntries(Object.keys(SECTIONS).map((name) => [name, {}])) as Values;
}

/** A setting's text and its source. */
export interface WrittenText {
  /** The section of the setting. */
  section: SectionName;
  /** Its name in that section. */
  name: string;
  /** Its text; `null` where the name stands alone. */
  text: string | null;
  /** Its source. */
  source: ValueSource;
}

/**
 * Reads a text: sets the value, or adds to a list.
 *
 * @param reading Values to set it in, and texts to add it to.
 * @param written The text.
 * @returns Its fault, if it has one.
 */
export function readText(
  reading: Pick<Reading, "values" | "written">,
  written: WrittenText,
): string | undefined {
  const { values } = reading;
  const { section, text, source } = written;
  const settings: Record<string, Setting> = SECTIONS[section].settings;
  const { type, sameAs: name = written.name } = settings[written.name]!;
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
  reading.written.push({ ...written, name });
  target[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
}

/** Fills in the defaults of values that are not set. */
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

/** Result of reading all sources so far. */
export interface Reading {
  /** The values. */
  values: Values;
  /** The texts that they were read from, in order. */
  written: WrittenText[];
  /** Places where environments are configured, as a person would search for them: `[Environment "production"]`. */
  environments: string[];
  /** Places where filters are configured, likewise. */
  filters: string[];
  /** Warnings, a sentence each. */
  warnings: string[];
}
