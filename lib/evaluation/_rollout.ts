import { parseAttributeReference, type Rollout } from "../model/mod.ts";
import type { Prefix } from "./_bucket.ts";
import type { Registry } from "./_registry.ts";

/** Bucketing, compiled: the attribute that decides a context's bucket, and how it is hashed. */
export interface Bucketing extends Prefix {
  /** Slot of the key of the context's part: null when it has no such part. */
  keySlot: number;
  /** Slot of the attribute. */
  slot: number;
  /** Whether a legacy user's secondary key is hashed too. */
  withSecondary: boolean;
}

/** Options for {@linkcode compileBucketing}, from a rollout or a segment's rule. */
export interface BucketingOptions {
  /** Key of the flag or segment. */
  key: string;
  /** Its salt. */
  salt: string | null | undefined;
  /** Kind of the context's part; absent means `user`. */
  contextKind: string | null | undefined;
  /** Attribute to bucket by; absent means `key`. */
  bucketBy: string | null | undefined;
  /** Replaces key and salt. */
  seed?: number | null | undefined;
  /** Whether it is an experiment's, which buckets by key and nothing else. @default {false} */
  isExperiment?: boolean;
}

/**
 * Compiles bucketing.
 *
 * @param options Key, salt and attribute.
 * @param registry Numbers the attributes.
 * @returns The compiled form, or `null` when `bucketBy` is a malformed reference.
 */
export function compileBucketing(options: BucketingOptions, registry: Registry): Bucketing | null {
  const { key, salt, contextKind, bucketBy, seed, isExperiment = false } = options;
  const path = bucketBy && !isExperiment ? parseAttributeReference(bucketBy, contextKind) : ["key"];
  if (path === null) return null;
  const kind = contextKind || "user";
  return {
    keySlot: registry.getAttribute(kind, ["key"]),
    slot: registry.getAttribute(kind, path),
    withSecondary: !isExperiment,
    ...registry.bucketer.compilePrefix(`${seed ?? `${key}.${salt ?? ""}`}.`),
  };
}

/**
 * Adds up weights as Go does, in 32-bit floating point.
 *
 * @param rollout The rollout.
 * @returns For each of its variations the bucket at which it ends.
 */
export function accumulateWeights(rollout: Rollout): number[] {
  let sum = 0;
  return (rollout.variations ?? []).map(({ weight }) => sum = Math.fround(sum + toShare(weight ?? 0)));
}

/**
 * Converts a weight to a share of all contexts.
 *
 * @param weight Thousandths of a percent.
 * @returns A 32-bit floating point number, 1 for all.
 */
export function toShare(weight: number): number {
  return Math.fround(Math.fround(weight) / 100_000);
}
