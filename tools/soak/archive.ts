import { makeFlags } from "../../bench/_flags.ts";
import type { EnvironmentParts } from "../../tests/_environments.ts";
import { constantFlag, packArchive } from "../../tests/e2e/_archive.ts";
import { COUNTER, GUEST, hasGuest, largeVersionOf, valueOf } from "./versions.ts";

type Flag = Record<string, unknown>;

/** Everybody may have these flags. */
const CLIENT_SIDE = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };

/** 99 flags, a third of them simple, and segments: 120 KB of JSON. The flag that changes is the hundredth. */
const DATA = makeFlags(70, "rules") as unknown as Required<EnvironmentParts>;
for (let i = 1; i < 30; i++) DATA.flags[`simple-${i}`] = { ...constantFlag(true), ...CLIENT_SIDE };

/** Flags of the large environment, and the size of each: 6 MB, more than what the kernel takes for a client that does not read. */
const [LARGE_FLAGS, LARGE_BYTES] = [300, 20_000];

const LARGE: Record<string, Flag> = Object.fromEntries(
  Array.from(
    { length: LARGE_FLAGS },
    (_, i) => [`large-${i}`, constantFlag("large ".repeat(LARGE_BYTES / 6))],
  ),
);

/** Makes one version of the archive: the environment `e1` and, for slow readers, `large`. */
export function makeArchive(version: number): Promise<Uint8Array> {
  const flags = {
    ...DATA.flags,
    [COUNTER]: makeCounter(version),
    ...hasGuest(version) && { [GUEST]: { ...constantFlag("guest"), ...CLIENT_SIDE } },
  };
  const large = { ...LARGE, [COUNTER]: makeCounter(largeVersionOf(version)) };
  return packArchive({ e1: { ...DATA, flags }, large: { flags: large } });
}

function makeCounter(version: number): Flag {
  return { ...constantFlag(valueOf(version), version), ...CLIENT_SIDE };
}
