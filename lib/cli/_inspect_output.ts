import {
  type Dependencies,
  environmentToJson,
  formatValue,
  type InspectedItem,
  inspectedItemToJson,
  type ItemKeys,
  type ListedItem,
  listedItemToJson,
} from "../inspection/mod.ts";
import type { Credential, Flag, Segment } from "../model/mod.ts";
import { obscureKey } from "../observe/mod.ts";
import { type ArchiveFile, type FileEnvironment, nameEnvironment } from "./archive_file.ts";
import { printJson } from "./json.ts";
import { type Cell, describeCounts, printTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** How an answer is printed. */
export interface Output {
  archive(terminal: Terminal, file: ArchiveFile): void;
  environment(terminal: Terminal, environment: FileEnvironment, items: Iterable<ListedItem>): void;
  items(terminal: Terminal, items: readonly InspectedItem[]): void;
}

/** For people. */
export const TEXT_OUTPUT: Output = {
  archive(terminal, { path, size, digest, environments }) {
    terminal.print(`${path}: ${size.toLocaleString("en")} bytes, SHA-256 ${digest}\n\n`);
    const head = [
      "ENVIRONMENT",
      "CLIENT-SIDE ID",
      "NAME",
      "FLAGS",
      "SEGMENTS",
      "",
    ];
    printTable(terminal, [
      head.map((text): Cell => ({ text, style: "bold" })),
      ...environments.map((environment) => {
        const { id, metadata, snapshot, fault } = environment;
        return [
          nameEnvironment(environment),
          id,
          metadata ? `${metadata.projectName} ${metadata.name}`.trim() : "",
          snapshot ? `${snapshot.counts.flags}` : "–",
          snapshot ? `${snapshot.counts.segments}` : "–",
          fault === undefined
            ? metadata?.secureMode ? "secure mode" : ""
            : { text: "cannot be served", style: "red" as const },
        ];
      }),
    ]);
    if (environments.length === 0) terminal.print("There are no environments in it.\n");
    for (const { fault } of environments) if (fault !== undefined) terminal.print(`\n${fault}\n`);
  },
  environment(terminal, environment, items) {
    printTable(terminal, describeEnvironment(environment));
    terminal.print("\n");
    const rows = [...items].map(({ kind, key, version, parse }) =>
      kind === "flags"
        ? [key, "flag", `v${version}`, ...summarizeFlag(parse() as Flag)]
        : [key, "segment", `v${version}`, "", summarizeSegment(parse() as Segment)]
    );
    printTable(terminal, rows);
    if (rows.length === 0) terminal.print("There are no flags and no segments in it.\n");
  },
  items(terminal, items) {
    for (const [i, { kind, key, version, rules, dependencies }] of items.entries()) {
      const head = `${kind === "flags" ? "flag" : "segment"} ${key}`;
      terminal.print([{ text: `${i > 0 ? "\n" : ""}${head}`, style: "bold" }, {
        text: `, version ${version}\n`,
      }]);
      printTable(terminal, rules.map((rule) => [rule]), 2);
      printTable(terminal, describeDependencies(dependencies), 0);
    }
  },
};

/** For machines. */
export const JSON_OUTPUT: Output = {
  archive(terminal, { path, size, digest, environments }) {
    printJson(terminal, {
      path,
      size,
      sha256: digest,
      environments: environments.map(environmentToJson),
    });
  },
  environment(terminal, environment, items) {
    printJson(terminal, { ...environmentToJson(environment), items: [...items].map(listedItemToJson) });
  },
  items(terminal, items) {
    printJson(terminal, { items: items.map(inspectedItemToJson) });
  },
};

function describeEnvironment(environment: FileEnvironment): Cell[][] {
  const { id, metadata } = environment;
  if (!metadata) return [];
  const { projectName, name, sdkKeys, mobileKeys, secureMode, defaultTtl } = metadata;
  const names = `${projectName} ${name}`.trim();
  return [
    ["environment", { text: names || nameEnvironment(environment), style: "bold" }],
    ["client-side ID", id],
    ...sdkKeys.map((key) => ["SDK key", describeKey(key)]),
    ...mobileKeys.map((key) => ["mobile key", describeKey(key)]),
    ["secure mode", secureMode ? "on" : "off"],
    ["PHP cache", defaultTtl === 0 ? "none" : `${defaultTtl} minutes`],
  ];
}

function describeKey({ value, expiry }: Credential): string {
  return `${obscureKey(value)}${expiry === undefined ? "" : ` until ${new Date(expiry).toISOString()}`}`;
}

/** Says in a few words whether a flag is on, and what decides. */
function summarizeFlag(flag: Flag): [state: string, summary: string] {
  const { on, rules, prerequisites, targets, contextTargets, variations } = flag;
  const parts: [number | undefined, string][] = [
    [variations?.length, "variation"],
    [prerequisites?.length, "prerequisite"],
    [[...targets ?? [], ...contextTargets ?? []].filter(({ values }) => values?.length).length, "target"],
    [rules?.length, "rule"],
  ];
  return [on ? "on" : "off", describeCounts(parts)];
}

function summarizeSegment(
  { included, includedContexts, excluded, excludedContexts, rules, unbounded }: Segment,
): string {
  if (unbounded) return "big segment, whose members are not in the archive";
  const listed = (contexts: Segment["includedContexts"]): number =>
    (contexts ?? []).reduce((sum, { values }) => sum + (values?.length ?? 0), 0);
  return describeCounts([
    [(included?.length ?? 0) + listed(includedContexts), "included key"],
    [(excluded?.length ?? 0) + listed(excludedContexts), "excluded key"],
    [rules?.length, "rule"],
  ]);
}

function describeDependencies({ dependsOn, dependents }: Dependencies): Cell[][] {
  const rows: [string, ItemKeys][] = [
    ["depends on", dependsOn],
    ["  through these", dependsOn.indirect],
    ["needed by", dependents],
    ["  through these", dependents.indirect],
  ];
  const missing = dependsOn.missing.map(({ kind, key }) => `${kind.slice(0, -1)} ${formatValue(key)}`).join(
    ", ",
  );
  return [
    ...rows.map(([title, keys]) => [title, listKeys(keys)]).filter(([title, keys]) =>
      keys !== "" || !title!.startsWith(" ")
    )
      .map(([title, keys]): Cell[] => [title!, keys || "nothing"]),
    ...missing ? [["missing", { text: missing, style: "red" as const }]] : [],
  ];
}

function listKeys({ flags, segments }: ItemKeys): string {
  return [...flags.map((key) => `flag ${key}`), ...segments.map((key) => `segment ${key}`)].join(", ");
}
