import { finishAtOnce } from "../evaluation/mod.ts";
import { type InspectedItem, inspectItemsInSlices, listItems } from "../inspection/mod.ts";
import { nearest } from "../config/mod.ts";
import type { ItemKind, Snapshot } from "../snapshot/mod.ts";
import { JSON_OUTPUT, TEXT_OUTPUT } from "./_inspect_output.ts";
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

/** Finds what has a key: a flag, a segment, or one of each. */
function findItems(snapshot: Snapshot, key: string): InspectedItem[] {
  const found = finishAtOnce(inspectItemsInSlices(snapshot, key));
  if (found.length > 0) return found;
  const deleted = KINDS.some((kind) => snapshot.items.find(kind, key) >= 0);
  const meant = deleted ? undefined : nearest(key, [...listItems(snapshot)].map(({ key }) => key));
  throw new UsageError(
    `there is no flag or segment ${JSON.stringify(key)}${deleted ? ": it was deleted" : ""}`,
    meant ? `did you mean ${meant}?` : "inspect FILE ENV lists all",
  );
}
