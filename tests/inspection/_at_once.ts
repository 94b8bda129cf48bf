import { finishAtOnce } from "../../lib/evaluation/mod.ts";
import {
  type Dependencies,
  findChangeInSlices,
  findDependenciesInSlices,
  type WantResult,
} from "../../lib/inspection/mod.ts";

/** Finds a change without a break. */
export function findChange(...args: Parameters<typeof findChangeInSlices>): WantResult {
  return finishAtOnce(findChangeInSlices(...args));
}

/** Finds dependencies without a break. */
export function findDependencies(
  ...args: Parameters<typeof findDependenciesInSlices>
): Dependencies | undefined {
  return finishAtOnce(findDependenciesInSlices(...args));
}
