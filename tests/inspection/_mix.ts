import type { EnvironmentParts } from "../_environments.ts";
import type { GeneratedEnvironment } from "../evaluation/_generate.ts";

type Json = Record<string, unknown>;

/** Takes each item from the first environment, the second, or neither, with a version that is any, or higher than the first's. */
export function mix(
  { flags: before, segments: segmentsBefore }: GeneratedEnvironment,
  { flags: after, segments: segmentsAfter }: GeneratedEnvironment,
  choices: readonly number[],
): EnvironmentParts {
  let i = 0;
  function choose(old: Record<string, Json>, now: Record<string, Json>): Record<string, Json> {
    const items: Record<string, Json> = {};
    for (const [key, item] of Object.entries(old)) {
      const choice = choices[i++ % choices.length]!;
      if (choice < 12) items[key] = item;
      else if (choice < 18) items[key] = { ...now[key], version: (item.version as number) + 1 };
      else if (choice < 19) items[key] = now[key]!;
    }
    return items;
  }
  return { flags: choose(before, after), segments: choose(segmentsBefore, segmentsAfter) };
}
