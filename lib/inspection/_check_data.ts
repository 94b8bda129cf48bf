import { JsonError, type RawItem, scanItems } from "../archive/mod.ts";
import {
  checkFlag,
  checkSegment,
  type Cut,
  type Flag,
  parseFlag,
  parseSegment,
  type Segment,
} from "../model/mod.ts";
import { inspectFlag } from "./_check_flag.ts";
import { References } from "./_check_references.ts";
import { inspectSegment } from "./_check_segment.ts";
import type { Entry, OnFinding } from "./_entry.ts";
import { CORRECT_FILE } from "./_phrases.ts";
import { Repeats } from "./_repeats.ts";
import { SdkFeatures } from "./_sdk_features.ts";

/**
 * Finds the faults of an environment's flags and segments, one at a time: none is kept, as an archive may fill the memory.
 *
 * @param entry The entry.
 */
export function inspectData(entry: Entry): void {
  const references = new References();
  const features = new SdkFeatures();
  try {
    for (const raw of scanItems(entry.content)) inspectItem(raw, { entry, references, features });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    entry.addFault(error);
    return;
  }
  features.inspect(entry, references.inspect());
}

function inspectItem(
  raw: RawItem,
  { entry, references, features }: { entry: Entry; references: References; features: SdkFeatures },
): void {
  const { kind, key, start, end } = raw;
  if ("fault" in raw) {
    entry.addFault(raw.fault, raw);
    references.addUnknown(raw);
    return;
  }
  // Not `raw`, since references keep the receiver.
  const onFinding = entry.createOnFinding({ kind, key, start, end });
  if ("omission" in raw) {
    const hint = "SDKs would refuse the whole environment with it";
    onFinding("error", "", `is left out: ${raw.omission}`, hint);
    references.addUnknown(raw);
    return;
  }
  const cuts = new Set<string>();
  const item = parse(raw, onFinding, cuts);
  if (item === undefined) {
    references.addUnknown(raw);
  } else if (item.deleted) {
    references.add({ kind, key, item, onFinding });
  } else {
    features.add(kind, item);
    const lacking = kind === "flags" ? inspectFlag(item as Flag, onFinding, cuts) : undefined;
    if (kind === "segments") inspectSegment(item as Segment, onFinding, cuts);
    references.add({ kind, key, item, lacking, onFinding });
  }
}

/** Parses an item, and reports all of its faults where it has any. Adds the paths of cut numbers to `cuts`. */
function parse(
  raw: RawItem & { value: unknown },
  onFinding: OnFinding,
  cuts: Set<string>,
): Flag | Segment | undefined {
  const { kind, key, value } = raw;
  const [parse, check] = kind === "flags"
    ? [parseFlag, checkFlag] as const
    : [parseSegment, checkSegment] as const;
  const repeats = new Repeats();
  try {
    const item = parse(value, key, ({ path, from, to }: Cut) => {
      cuts.add(path);
      repeats.add(path, `is ${from} and served as ${to}: it must be a whole number`, "fraction");
    });
    repeats.report((path, problem) => onFinding("warning", path, problem, "Write a whole number"));
    return item;
  } catch {
    check(value, key, (path, problem) => repeats.add(path, problem));
    repeats.report((path, problem) => onFinding("error", path, problem, CORRECT_FILE));
  }
}
