import { type EffectiveSetting, isSameValue } from "../config/mod.ts";
import type { Log } from "../observe/mod.ts";

/**
 * Compares the settings that a relay runs with to those that have been read anew, and logs each difference.
 *
 * @param running Settings that it runs with.
 * @param read Settings that have been read, in the same order.
 * @param log Log.
 * @returns Settings that it runs with from now on: live ones as they have been read, the others as they were.
 */
export function logChanges(
  running: readonly EffectiveSetting[],
  read: readonly EffectiveSetting[],
  log: Log,
): EffectiveSetting[] {
  return running.map((before, i) => {
    const after = read[i]!;
    if (isSameValue(before, after)) return before;
    const { section, name, value, reload } = after;
    if (reload === "restart") {
      log.warn(`Not reloaded: ${name} needs a restart`, { section });
      return before;
    }
    log.info(`Reloaded: ${name} = ${value ?? "not set"}`, { section });
    return after;
  });
}
