import { hash } from "node:crypto";

/**
 * Derives digits that stay the same, and that nobody can compute who does not know the secret.
 *
 * @param secret What must be known.
 * @param name What they are for.
 * @returns SHA-256: hex.
 */
export function derive(secret: string, ...name: string[]): string {
  return hash("sha256", JSON.stringify([secret, ...name]));
}

/** Derives an ID of the form that LaunchDarkly's environments have. */
export function deriveId(seed: string, file: string): string {
  return derive(seed, file, "envID").slice(0, 24);
}

/** Derives a key of the form that LaunchDarkly's keys have: a random UUID (RFC 9562) behind a prefix. */
export function deriveKey(seed: string, file: string, prefix: "sdk" | "mob"): string {
  const hex = derive(seed, file, prefix);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `${prefix}-${parts.join("-")}`;
}
