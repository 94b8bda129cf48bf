import { type EnvironmentData, parseFlag, parseSegment } from "../../lib/model/mod.ts";

/** Flags and segments as a data file holds them. */
export interface RawData {
  flags?: Record<string, unknown>;
  segments?: Record<string, unknown>;
}

/** Parses flags and segments as an archive's would be, in ascending order of key. */
export function parseData({ flags = {}, segments = {} }: RawData): EnvironmentData {
  return { flags: parseItems(flags, parseFlag), segments: parseItems(segments, parseSegment) };
}

function parseItems<T>(items: Record<string, unknown>, parse: (value: unknown, key: string) => T) {
  return new Map(
    Object.keys(items).sort().map((key) => [key, { value: parse(items[key], key), text: JSON.stringify(items[key]) }]),
  );
}
