import { obscureKey } from "../observe/mod.ts";
import type { Section, Setting } from "./_section.ts";
import type { Reading, WrittenText } from "./_values.ts";
import { SECTIONS } from "./table.ts";

/** What is shown of a secret that is hidden. */
const HIDDEN = "*".repeat(16);

/** A setting as it is in effect. */
export interface EffectiveSetting {
  /** Section of the file. */
  section: string;
  /** Its name in that section. */
  name: string;
  /** Its environment variable. */
  variable: string;
  /** Its value as it was written, several joined by commas; `null` where it is not set and has no default. Secrets are obscured. */
  value: string | null;
  /** Where the value is from. */
  source: "default" | "file" | "environment" | "file and environment";
  /** Whether a running relay applies it on SIGHUP, or it needs a restart. */
  reload: "live" | "restart";
  /** Its parsed value, for {@linkcode isSameValue}. Not enumerable: it may be a secret, and nothing is to show it. */
  parsed?: unknown;
}

/**
 * Lists the settings that have an effect, and the relay key.
 *
 * @param reading All that was read.
 * @returns The settings in the order of the docs.
 */
export function listEffective({ values, written }: Reading): EffectiveSetting[] {
  return Object.entries<Section>(SECTIONS).flatMap(([section, { effect: sectionEffect, settings }]) =>
    Object.entries(settings).flatMap(([name, setting]) => {
      const { effect = sectionEffect, isSecret = false, isLive = false, sameAs, env = "", type } = setting;
      if (effect !== "used" && !isSecret || sameAs !== undefined) return [];
      const value = (values as Record<string, Record<string, unknown>>)[section]![name];
      const texts = written.filter((text) => text.section === section && text.name === name);
      const reload = isLive ? "live" : "restart";
      const effective: EffectiveSetting = {
        section,
        name,
        variable: env,
        ...describeValue(setting, value, texts),
        reload,
      };
      const isDefault = value === undefined && setting.default !== undefined;
      const parsed = isDefault ? type.parse(setting.default!, "file") : value;
      return [Object.defineProperty(effective, "parsed", { value: parsed })];
    })
  );
}

/**
 * Reports whether a setting has the same value as before, however it was written.
 *
 * @param before The setting as it was.
 * @param after The setting as it is.
 * @returns Whether it means the same.
 */
export function isSameValue(before: EffectiveSetting, after: EffectiveSetting): boolean {
  return JSON.stringify(before.parsed) === JSON.stringify(after.parsed);
}

function describeValue(
  setting: Setting,
  value: unknown,
  texts: readonly WrittenText[],
): Pick<EffectiveSetting, "value" | "source"> {
  if (value === undefined) return { value: setting.default ?? null, source: "default" };
  const counted = Array.isArray(value) ? texts : texts.slice(-1);
  const text = counted.map(({ text }) => text ?? "true").join(",");
  const sources = [...new Set(counted.map(({ source }) => source))];
  return {
    value: setting.isHidden ? HIDDEN : setting.isSecret ? obscureKey(text) : text,
    source: sources.length > 1 ? "file and environment" : sources[0]!,
  };
}
