import { createHmac } from "node:crypto";
import { constantFlag, packArchive } from "./_archive.ts";

/** A flag of every JSON type, each with its value for everybody; with text beyond ASCII and a line separator of JavaScript. */
export const TYPES = {
  boolean: true,
  string: "ünïcode \u2028 😀",
  number: 1.5,
  integer: 7,
  array: [1, "a", null],
  object: { "ä": { b: [] } },
};

/** Gets the value "hers" of the flag "personal". */
export const SHE = { kind: "user", key: "she ü", name: "??>>~~ 😀" };

/** Gets the value "its", as everybody does that is not `SHE`; its canonical key is not its key. */
export const IT = { kind: "device", key: "it:1" };

/** What secure mode asks for, for environment `e1`, written as the server of a customer does. */
export const HASHES = { she: hash("she ü"), it: hash("device:it%3A1") };

function hash(canonicalKey: string): string {
  return createHmac("sha256", "sdk-e1").update(canonicalKey).digest("hex");
}

/**
 * An archive with environment `e1` for browsers: flags of every type, "personal", and "changing" with a value of its own.
 *
 * @param changing Value of the flag "changing".
 * @param env Metadata that differs from the default.
 */
export function clientArchive(changing: string, env: Record<string, unknown> = {}): Promise<Uint8Array> {
  const constants = Object.entries({ ...TYPES, changing }).map(([key, value]) => [key, constantFlag(value)]);
  const personal = {
    ...constantFlag("its"),
    variations: ["hers", "its"],
    targets: [{ variation: 0, values: [SHE.key] }],
  };
  const flags: Record<string, Record<string, unknown>> = { ...Object.fromEntries(constants), personal };
  for (const flag of Object.values(flags)) flag["clientSide"] = true;
  return packArchive({ e1: { env, flags } });
}
