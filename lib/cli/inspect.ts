import { describeFlag, describeSegment, findDependencies } from "../inspection/mod.ts";
import { nearest } from "../config/mod.ts";
import type { Flag, Segment } from "../model/mod.ts";
import type { ItemKind, Snapshot } from "../snapshot/mod.ts";
import { type InspectedItem, JSON_OUTPUT, type ListedItem, TEXT_OUTPUT } from "./_inspect_output.ts";
import { findEnvironment, readArchiveFile, requireSnapshot } from "./archive_file.ts";
import type { Command } from "./command.ts";
import { jsonFlag } from "./json.ts";
import { UsageError } from "./parse_args.ts";

const KINDS: readonly ItemKind[] = ["flags", "segments"];

/** The command `inspect`. */
export const INSPECT: Command = {
  name: "inspect",
  summary: "prints what is in an archive: environments, flags, rules in plain words",
  usage: "FILE [ENV [FLAG|SEGMENT]]",
  arity: [1, 3],
  details:
    `Without ENV, the environments; with it, their flags and segments; with a key, its rules, what it depends on and
what depends on it. ENV is a client-side ID, projKey/envKey, or envKey where only one environment has it.`,
  example: "inspect flags.tar.gz production checkout",
  flags: jsonFlag("inspect"),
  async run({ positional: [path, name, key], switches }, terminal) {
    const file = await readArchiveFile(path!);
    const output = switches.has("json") ? JSON_OUTPUT : TEXT_OUTPUT;
    if (name === undefined) {
      output.archive(terminal, file);
      return 0;
    }
    const environment = findEnvironment(file, name);
    const snapshot = requireSnapshot(environment);
    if (key === undefined) output.environment(terminal, environment, listItems(snapshot));
    else output.items(terminal, findItems(snapshot, key));
    return 0;
  },
};

function* listItems({ items }: Snapshot): Generator<ListedItem> {
  for (let position = 0; position < items.count; position++) {
    if (items.isDeleted(position)) continue;
    const [kind, key] = [items.getKind(position), items.getKey(position)];
    yield { kind, key, version: items.getVersion(position), value: items.parse(position) as Flag | Segment };
  }
}

/** Finds what has a key: a flag, a segment, or one of each. */
function findItems(snapshot: Snapshot, key: string): InspectedItem[] {
  const { items } = snapshot;
  const found = KINDS.flatMap((kind): InspectedItem[] => {
    const dependencies = findDependencies(snapshot, kind, key);
    if (!dependencies) return [];
    const position = items.find(kind, key);
    const value = items.parse(position) as Flag | Segment;
    const rules = kind === "flags"
      ? describeFlag(value as Flag, (key) => findFlag(snapshot, key))
      : describeSegment(value as Segment);
    return [{ kind, key, version: items.getVersion(position), value, rules, dependencies }];
  });
  if (found.length > 0) return found;
  const deleted = KINDS.some((kind) => items.find(kind, key) >= 0);
  const meant = deleted ? undefined : nearest(key, [...listItems(snapshot)].map(({ key }) => key));
  throw new UsageError(
    `there is no flag or segment ${JSON.stringify(key)}${deleted ? ": it was deleted" : ""}`,
    meant ? `did you mean ${meant}?` : "inspect FILE ENV lists all",
  );
}

function findFlag({ items }: Snapshot, key: string): Flag | undefined {
  const position = items.find("flags", key);
  return position < 0 || items.isDeleted(position) ? undefined : items.parse(position) as Flag;
}
