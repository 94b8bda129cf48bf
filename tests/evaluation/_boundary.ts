import { createHash } from "node:crypto";
import {
  type Context,
  type Flag,
  getAttribute,
  parseAttributeReference,
  type Segment,
} from "../../lib/model/mod.ts";

/** How near to the end of a share 32-bit floating point may decide otherwise than 64 bits: a few units of the last place. */
const MARGIN = 1e-6;

/** The bucket of a text, computed as the documentation says and independently of the evaluator. */
export function bucketOf(text: string): number {
  const digits = createHash("sha1").update(text).digest("hex").slice(0, 15);
  return Number(BigInt(`0x${digits}`)) / 0xfffffffffffffff;
}

/**
 * Whether some rollout puts the context within a hair's breadth of the end of a share. Go computes with 32 bits,
 * JavaScript with 64; there, and only there, the two may choose different variations.
 */
export function isNearBoundary(flags: Flag[], segments: Segment[], context: Context): boolean {
  const flagRollouts = flags.flatMap(({ key, salt, rules, fallthrough }) =>
    [...(rules ?? []), fallthrough ?? {}].flatMap(({ rollout }) => {
      if (!rollout) return [];
      const { contextKind, bucketBy, seed, kind, variations } = rollout;
      const weights = (variations ?? []).map(({ weight }) => weight ?? 0);
      return [{
        prefix: seed ?? `${key}.${salt}`,
        contextKind,
        bucketBy: kind === "experiment" ? null : bucketBy,
        weights,
      }];
    })
  );
  const segmentRollouts = segments.flatMap(({ key, salt, rules }) =>
    (rules ?? []).map(({ weight, bucketBy, rolloutContextKind }) => (
      { prefix: `${key}.${salt}`, contextKind: rolloutContextKind, bucketBy, weights: [weight ?? 0] }
    ))
  );
  return [...flagRollouts, ...segmentRollouts].some(({ prefix, contextKind, bucketBy, weights }) => {
    const path = parseAttributeReference(bucketBy || "key", contextKind) ?? [""];
    const bucket = bucketOf(`${prefix}.${getAttribute(context, contextKind ?? "user", path)}`);
    let end = 0;
    return weights.some((weight) => Math.abs((end += weight / 100_000) - bucket) < MARGIN);
  });
}
