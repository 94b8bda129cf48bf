import { isDeepStrictEqual } from "node:util";
import { completeItem, decode, listMembers } from "../archive/mod.ts";
import type { Flag, JsonValue, Segment } from "../model/mod.ts";
import {
  type PreparedSnapshot,
  type Snapshot,
  SnapshotBuilder,
  type SnapshotInput,
} from "../snapshot/mod.ts";
import type { Pause } from "../wire/mod.ts";
import type { EnvironmentOverrides, FlagValue, ItemOverride } from "./overrides.ts";

/**
 * Builds what an environment serves while overrides hold. The version of an overridden item is higher than that of the archive's, so
 * that SDKs take it for a newer one.
 *
 * @param base What the archive has.
 * @param overrides What takes its place.
 * @param pause Called between flags and segments.
 * @returns The snapshot.
 */
export async function buildOverlay(
  base: Snapshot,
  overrides: EnvironmentOverrides,
  pause: Pause,
): Promise<PreparedSnapshot> {
  const { items, metadata } = base;
  const builder = new SnapshotBuilder(base.all.body.length);
  for (const kind of ["flags", "segments"] as const) {
    let [position, end] = items.range(kind);
    for (const [key, override] of overrides[kind]) {
      for (; position < end && items.getKey(position) < key; position++) {
        builder.addFrom(items, position);
        await pause();
      }
      const isThere = position < end && items.getKey(position) === key;
      const replaced = isThere
        ? { version: items.getVersion(position), text: items.getText(position) }
        : undefined;
      builder.add(toInput(kind, key, override, replaced));
      if (isThere) position++;
      await pause();
    }
    for (; position < end; position++) {
      builder.addFrom(items, position);
      await pause();
    }
  }
  return builder.finish(metadata);
}

/** An item of the archive that an override takes the place of. */
interface Replaced {
  version: number;
  /** JSON; empty for a tombstone. */
  text: string;
}

/** Version of an overridden item that neither the archive nor the file has a version of. */
const FIRST_VERSION = 1;

function toInput(
  kind: "flags" | "segments",
  key: string,
  override: ItemOverride<Flag> | ItemOverride<Segment> | FlagValue,
  replaced: Replaced | undefined,
): SnapshotInput {
  const own = "item" in override ? override.version : undefined;
  const next = replaced && Math.min(replaced.version + 1, Number.MAX_SAFE_INTEGER);
  const version = next === undefined ? own ?? FIRST_VERSION : Math.max(next, own ?? next);
  if ("flagValue" in override) return makeFlag(key, override, version, replaced?.text || undefined);
  const { item, text: [head, tail] } = override;
  return {
    kind,
    key,
    value: { ...item, version },
    text: `${head}${version}${tail}`,
    isOverridden: true,
  } as SnapshotInput;
}

/**
 * Makes a flag that has one value for everybody. Of the archive's flag stays who may see it and how it is tracked; and its variations,
 * since flags of which it is a prerequisite name them by their position.
 */
function makeFlag(key: string, { flagValue }: FlagValue, version: number, replaced?: string): SnapshotInput {
  const members = replaced === undefined ? new Map([["key", JSON.stringify(key)]]) : readMembers(replaced);
  const values: JsonValue[] = JSON.parse(members.get("variations") ?? "[]");
  const wanted = JSON.parse(flagValue);
  const known = values.findIndex((value) => isDeepStrictEqual(value, wanted));
  const variation = known < 0 ? values.length : known;
  const variations = members.get("variations")?.slice(1, -1);
  const deciding = {
    version: `${version}`,
    on: "true",
    prerequisites: "[]",
    targets: "[]",
    contextTargets: "[]",
    rules: "[]",
    fallthrough: `{"variation":${variation}}`,
    trackEventsFallthrough: "false",
    variations: known < 0 ? `[${variations ? `${variations},` : ""}${flagValue}]` : `[${variations}]`,
  };
  for (const [name, value] of Object.entries(deciding)) members.set(name, value);
  const text = `{${members.entries().map(([name, value]) => `${JSON.stringify(name)}:${value}`).toArray()}}`;
  const item = completeItem(
    { kind: "flags", key, value: JSON.parse(text), text, isCanonical: false },
    () => {},
  );
  return { ...item, isOverridden: true };
}

/** Reads the members of an object: texts by name. */
function readMembers(text: string): Map<string, string> {
  const bytes = new TextEncoder().encode(text);
  return new Map(
    listMembers(bytes, { start: 0, end: bytes.length })
      .map(({ key, value: { start, end } }) => [key, decode(bytes.subarray(start, end))]),
  );
}
