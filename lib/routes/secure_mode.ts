import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context, Credential, EnvironmentMetadata } from "../model/mod.ts";
import type { CredentialKind } from "../store/mod.ts";

/**
 * Reports whether a client in secure mode has proved that its context comes from the application's server: `h` must be the
 * lower-case hex HMAC-SHA256 of the context's canonical key under one of the environment's SDK keys.
 *
 * Every key is tried, even after a match, and digests are compared without an early exit.
 *
 * @param context Context of the request; its canonical key is enough.
 * @param hash The `h` parameter, or `null`.
 * @param sdkKeys SDK keys of the environment; expired ones do not count.
 * @returns Whether the hash matches.
 */
export function isProven(
  context: Pick<Context, "fullyQualifiedKey">,
  hash: string | null,
  sdkKeys: readonly Credential[],
): boolean {
  const given = createHmac("sha256", "").update(hash ?? "").digest();
  let proven = false;
  for (const { value, expiry = Infinity } of sdkKeys) {
    if (Date.now() > expiry) continue;
    const expected = hashContext(context, value);
    const fits = timingSafeEqual(createHmac("sha256", "").update(expected).digest(), given);
    proven = fits || proven;
  }
  return proven;
}

/**
 * Computes the hash by which an application's server vouches for a context.
 *
 * @param context The context; its canonical key is enough.
 * @param sdkKey SDK key of the environment.
 * @returns Lower-case hex of HMAC-SHA256.
 */
export function hashContext(
  { fullyQualifiedKey }: Pick<Context, "fullyQualifiedKey">,
  sdkKey: string,
): string {
  return createHmac("sha256", sdkKey).update(fullyQualifiedKey).digest("hex");
}

/**
 * Reports whether a client may get what flags give its context: in secure mode those with a client-side ID must have proved it.
 * Browsers show their context, and who may read it, to whoever holds the device.
 *
 * @param client Kind of its credential, context and `h` parameter.
 * @param metadata The environment.
 * @returns Whether it may.
 */
export function mayUseContext(
  { kind, context, hash }: {
    kind: CredentialKind;
    context: Pick<Context, "fullyQualifiedKey">;
    hash: string | null;
  },
  { secureMode, sdkKeys }: EnvironmentMetadata,
): boolean {
  return kind !== "environment" || !secureMode || isProven(context, hash, sdkKeys);
}
