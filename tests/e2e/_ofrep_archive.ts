import { constantFlag, packArchive } from "./_archive.ts";
import { SHE, TYPES } from "./_client_archive.ts";

/** Versions of what the archive of {@linkcode ofrepArchive} has. */
export interface OfrepArchive {
  /** Value of the flag "changing". */
  changing: string;
  /** Whom the flag "personal" gives "hers" besides `SHE`. */
  others?: string[];
  /** Value of the flag "hidden", which only servers see. */
  hidden?: string;
  /** Metadata that differs from the default. */
  env?: Record<string, unknown>;
}

/** An archive with environment `e1`: flags of every type and a key with a slash, "changing", "personal", "nothing" and "hidden". */
export function ofrepArchive(
  { changing, others = [], hidden = "secret", env = {} }: OfrepArchive,
): Promise<Uint8Array> {
  const values = { ...TYPES, changing, "a/b c": "slash" };
  const flags: Record<string, Record<string, unknown>> = {
    ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, constantFlag(value)])),
    nothing: { ...constantFlag("on"), on: false, offVariation: null },
    personal: {
      ...constantFlag("its"),
      variations: ["hers", "its"],
      targets: [{ variation: 0, values: [SHE.key, ...others] }],
    },
  };
  for (const flag of Object.values(flags)) flag["clientSide"] = true;
  flags["hidden"] = {
    ...constantFlag(hidden),
    clientSideAvailability: { usingEnvironmentId: false, usingMobileKey: false },
  };
  return packArchive({ e1: { env, flags } });
}
