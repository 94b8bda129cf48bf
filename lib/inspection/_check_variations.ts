import type { Fault } from "../evaluation/mod.ts";
import type { Flag } from "../model/mod.ts";
import type { OnFinding } from "./_entry.ts";
import { count, GIVES_ERROR, UNREACHED } from "./_phrases.ts";
import type { Severity } from "./finding.ts";

/** A place in a flag that wants a variation which the flag does not have. */
interface Place {
  severity: Severity;
  path: string;
  variation: number;
  /** Rest of the problem. */
  effect: string;
  hint: string;
}

/**
 * Finds places in a flag that want variations which it does not have. That one variation is missing is one finding, and so is
 * that all are.
 *
 * @param flag The flag; no tombstone.
 * @param faults Its faults, and those that no context comes to as the flag is now.
 * @param onFinding Receiver of findings.
 * @returns The variations that are missing.
 */
export function inspectVariations(
  flag: Flag,
  { reached, unreached }: { reached: readonly Fault[]; unreached: readonly Fault[] },
  onFinding: OnFinding,
): Set<number> {
  const length = flag.variations?.length ?? 0;
  const places = [
    ...listPlaces(reached, { severity: "error", effect: "", hint: GIVES_ERROR }),
    ...listTargetPlaces(flag),
    ...listPlaces(unreached, { severity: "warning", ...UNREACHED }),
  ];
  for (const group of Map.groupBy(places, ({ variation }) => length === 0 ? 0 : variation).values()) {
    const { severity, path, variation, effect, hint } = group.find(({ severity }) => severity === "error") ??
      group[0]!;
    if (length === 0) {
      const is = flag.variations ? "is empty" : "is missing";
      onFinding(severity, "variations", `${is}, but "${path}" is ${variation}${effect}`, hint);
      continue;
    }
    const others = new Set(group.map(({ path }) => path)).size - 1;
    const likewise = others === 0 ? "" : `; likewise ${others} more in the flag`;
    onFinding(
      severity,
      path,
      `is ${variation}, the flag has ${count(length, "variation")}${effect}${likewise}`,
      hint,
    );
  }
  return new Set(places.map(({ variation }) => variation));
}

function listPlaces(
  faults: readonly Fault[],
  rest: Pick<Place, "severity" | "effect" | "hint">,
): Place[] {
  return faults.flatMap(({ path, variation }) =>
    variation === undefined ? [] : [{ path, variation, ...rest }]
  );
}

/** Lists the targets, those that are not tried too. */
function listTargetPlaces(flag: Flag): Place[] {
  return (["targets", "contextTargets"] as const).flatMap((field) =>
    (flag[field] ?? []).flatMap(({ variation, values }, i) => {
      const wanted = variation ?? 0;
      if (flag.variations?.[wanted] !== undefined) return [];
      const severity = flag.on && values?.length ? "error" as const : "warning" as const;
      return [{ severity, path: `${field}[${i}].variation`, variation: wanted, ...UNREACHED }];
    })
  );
}
