import type { Finding, Severity } from "./finding.ts";

/** Most findings of an archive: one mistake of a tool is in every flag, and nobody reads more. @limit findings: the rest, the least severe first, is counted */
export const MAX_FINDINGS = 1_000;

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

/** Digits of the longest index in a path. */
const INDEX_DIGITS = 10;

/** Findings as they come, kept as far as they may be in the end. */
export class FindingList {
  readonly #kept: Record<Severity, Finding[]> = { error: [], warning: [], info: [] };
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 };

  /**
   * Adds a finding.
   *
   * @param severity Its severity.
   * @param makeFinding Makes the rest of it, which takes time: called only if it is kept.
   */
  add(severity: Severity, makeFinding: () => Omit<Finding, "severity">): void {
    if (++this.#counts[severity] <= MAX_FINDINGS) this.#kept[severity].push({ severity, ...makeFinding() });
  }

  /**
   * Returns the findings by environment, flags before segments, by key and by path; at the end the number of those left out.
   *
   * @returns The findings.
   */
  finish(): Finding[] {
    const kept = SEVERITIES.flatMap((severity) => this.#kept[severity]).slice(0, MAX_FINDINGS);
    const sorted = kept.map((finding) => ({ finding, order: toOrder(finding) }))
      .sort((a, b) => compare(a.order, b.order)).map(({ finding }) => finding);
    const total = SEVERITIES.reduce((sum, severity) => sum + this.#counts[severity], 0);
    if (total === kept.length) return sorted;
    let listed = kept.length;
    const severity = SEVERITIES.find((severity) => (listed -= this.#counts[severity]) < 0)!;
    const left = total - kept.length;
    const message = `At least ${left} more finding${left === 1 ? "" : "s"}, none more severe than this one`;
    return [...sorted, { severity, environment: null, key: null, path: null, message }];
  }
}

function toOrder({ environment, kind, key, path }: Finding): string[] {
  // So that indices compare as numbers.
  const padded = (path ?? "").replace(/\d+/g, (digits) => digits.padStart(INDEX_DIGITS, "0"));
  return [environment ?? "", kind ?? "", key ?? "", padded];
}

function compare(a: string[], b: string[]): number {
  const i = a.findIndex((part, i) => part !== b[i]);
  return i < 0 ? 0 : a[i]! < b[i]! ? -1 : 1;
}
