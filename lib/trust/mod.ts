/**
 * Who made an archive, and whether it may be served: manifests, SSH signatures, allowed signers. Pure over bytes and a clock.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAllowedSigners, verifySignatures } from "./mod.ts";
 *
 * const signers = await parseAllowedSigners("# nobody yet\n");
 * const manifest = new TextEncoder().encode("{}");
 * const files = [{ name: "flags.tar.gz.manifest.json.sig", form: "ssh", text: "" }] as const;
 * const keys = { signers, cosignKeys: [], revoked: new Set<string>() };
 * const verdict = await verifySignatures(manifest, files, keys, "halyard-archive", Date.now());
 * assertEquals(verdict.signers, []);
 * ```
 *
 * @module
 */
export type { Bytes } from "./_bytes.ts";
export * from "./allowed_signers.ts";
export * from "./cosign_bundle.ts";
export * from "./format_manifest.ts";
export * from "./judge_files.ts";
export * from "./manifest.ts";
export * from "./signed_files.ts";
export * from "./signers.ts";
export * from "./ssh_key.ts";
export * from "./ssh_signature.ts";
export * from "./trust_error.ts";
export * from "./trusted_keys.ts";
export * from "./verdict.ts";
