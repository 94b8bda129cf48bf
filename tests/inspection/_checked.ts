import { writeArchive } from "../../lib/archive/mod.ts";
import { checkArchive, type Finding } from "../../lib/inspection/mod.ts";

export type Json = Record<string, unknown>;

/** What a fault is, the environment that has it, and the one finding that is expected. */
export type Planted = [fault: string, environment: Checked, finding: string];

/** What differs from a good environment. */
export interface Checked {
  flags?: Json;
  segments?: Json;
  /** The data file, in place of flags and segments. */
  data?: string;
  /** The metadata file, as a text or as a value. */
  metadata?: unknown;
}

export const NOW = Date.parse("2026-11-01T00:00:00Z");
export const ID = "e1";
export const SDK_KEY = "sdk-11111111-2222-4333-8444-555555555555";
export const METADATA = { env: { envID: ID, sdkKey: { value: SDK_KEY }, mobKey: "mob-1" } };

/** A flag with all that a good one has. */
export function flagOf(fields: Json = {}): Json {
  const variations = ["a", "b"];
  return {
    version: 1,
    on: true,
    variations,
    offVariation: 0,
    fallthrough: { variation: 1 },
    salt: "x",
    ...fields,
  };
}

function keyed(items: Json): Json {
  return Object.fromEntries(
    Object.entries(items).map(([key, item]) => [key, typeof item === "object" ? { key, ...item } : item]),
  );
}

/** Checks an archive of one environment. */
export async function check(
  { flags = {}, segments = {}, data, metadata = METADATA }: Checked,
): Promise<Finding[]> {
  const text = data ?? JSON.stringify({ flags: keyed(flags), segments: keyed(segments) });
  const metadataText = typeof metadata === "string" ? metadata : JSON.stringify(metadata);
  return await checkArchive(await writeArchive([{ id: ID, metadata: metadataText, data: text }]), {
    now: NOW,
  });
}

export const clause = { attribute: "country", op: "in", values: ["DE"] };
export const tombstone = { version: 2, deleted: true };
export const segmentRule = { clauses: [clause], weight: null };

export function ruleWith(fields: Json): Json {
  return flagOf({ rules: [{ variation: 0, clauses: [{ ...clause, ...fields }] }] });
}
