import { computeDepths, findCycles, MAX_NESTING } from "../evaluation/mod.ts";
import type { Clause, Flag, Segment } from "../model/mod.ts";
import { count, type OnFinding, quote } from "./_entry.ts";

/** Most members of a cycle that are named. @limit members: the others are counted */
const MAX_NAMED_MEMBERS = 20;

type Kind = "flags" | "segments";

/** A flag or a segment, as far as references are concerned. */
interface Node {
  kind: Kind;
  key: string;
  isDeleted: boolean;
  /** Whether its references count: those of a flag that is off do not. */
  isOn: boolean;
  /** Number of variations of a flag. */
  variations: number;
  references: Reference[];
  onFinding: OnFinding;
}

/** A place where an item refers to another. */
interface Reference {
  kind: Kind;
  key: string;
  /** JSON path of the key. */
  path: string;
  /** Wanted variation, and its path, of a prerequisite. */
  wanted?: { variation: number; path: string };
}

/** The prerequisites and segments to which the items of an environment refer. */
export class References {
  readonly #nodes = { flags: new Map<string, Node>(), segments: new Map<string, Node>() };
  /** Keys of items that cannot be read: that they are missing is no finding of its own. */
  readonly #unknown = { flags: new Set<string>(), segments: new Set<string>() };

  /**
   * Adds a flag or a segment. It is not kept.
   *
   * @param options Kind and key, the item, and the receiver of findings about it.
   */
  add(
    { kind, key, item, onFinding }: { kind: Kind; key: string; item: Flag | Segment; onFinding: OnFinding },
  ): void {
    const flag = kind === "flags" ? item as Flag : undefined;
    const isDeleted = item.deleted ?? false;
    this.#nodes[kind].set(key, {
      kind,
      key,
      isDeleted,
      isOn: flag === undefined || flag.on === true,
      variations: flag?.variations?.length ?? 0,
      references: isDeleted ? [] : [...listPrerequisites(flag), ...listSegments(item)],
      onFinding,
    });
  }

  /**
   * Adds an item that cannot be read.
   *
   * @param item Kind and key.
   */
  addUnknown({ kind, key }: { kind: Kind; key: string }): void {
    this.#unknown[kind].add(key);
  }

  /** Finds references to what is not there, and cycles and chains that are too long. */
  inspect(): void {
    for (const kind of ["flags", "segments"] as const) {
      const nodes = [...this.#nodes[kind].values()];
      for (const node of nodes) {
        for (const reference of node.references) this.#inspectReference(node, reference);
      }
      const cyclic = reportCycles(nodes, this.#link(nodes, (node) => node.isOn), "error");
      reportCycles(nodes, this.#link(nodes, (node) => !cyclic.has(node)), "warning");
      reportChain(nodes, this.#link(nodes, (node) => node.isOn && !cyclic.has(node)));
    }
  }

  #inspectReference(node: Node, { kind, key, path, wanted }: Reference): void {
    const severity = node.isOn ? "error" : "warning";
    const effect = kind === "flags" ? "the flag always serves its off variation" : "nobody belongs to it";
    const other = this.#nodes[kind].get(key);
    if (other === undefined || other.isDeleted) {
      if (this.#unknown[kind].has(key)) return;
      const why = other
        ? "which is deleted"
        : `but there is no such ${kind === "flags" ? "flag" : "segment"}`;
      node.onFinding(
        severity,
        path,
        `is ${quote(key)}, ${why}: ${effect}`,
        "Remove the reference, or add what is missing",
      );
    } else if (wanted && (wanted.variation < 0 || wanted.variation >= other.variations)) {
      const problem = `is ${wanted.variation}, but flag ${quote(key)} has ${
        count(other.variations, "variation")
      }: ${effect}`;
      node.onFinding(severity, wanted.path, problem, "Correct the prerequisite in LaunchDarkly");
    }
  }

  /** Makes a graph of the references from nodes to nodes of the same kind: those of which `counts` is true. */
  #link(nodes: readonly Node[], counts: (node: Node) => boolean): number[][] {
    const positions = new Map(nodes.map((node, i) => [node.key, i]));
    return nodes.map((node) =>
      !counts(node) ? [] : node.references.flatMap(({ kind, key }) => {
        const position = kind === node.kind ? positions.get(key) : undefined;
        return position !== undefined && counts(nodes[position]!) ? [position] : [];
      })
    );
  }
}

function* listPrerequisites(flag: Flag | undefined): Generator<Reference> {
  for (const [i, { key, variation }] of (flag?.prerequisites ?? []).entries()) {
    const path = `prerequisites[${i}]`;
    const wanted = { variation: variation ?? 0, path: `${path}.variation` };
    yield { kind: "flags", key: key ?? "", path: `${path}.key`, wanted };
  }
}

function* listSegments({ rules }: { rules?: { clauses?: Clause[] | null }[] | null }): Generator<Reference> {
  for (const [i, { clauses }] of (rules ?? []).entries()) {
    for (const [j, { op, values }] of (clauses ?? []).entries()) {
      if (op !== "segmentMatch") continue;
      for (const [k, key] of (values ?? []).entries()) {
        if (typeof key === "string") {
          yield { kind: "segments", key, path: `rules[${i}].clauses[${j}].values[${k}]` };
        }
      }
    }
  }
}

/** Reports the cycles of a graph, and returns their members. */
function reportCycles(nodes: readonly Node[], graph: number[][], severity: "error" | "warning"): Set<Node> {
  const cyclic = new Set<Node>();
  for (const cycle of findCycles(graph)) {
    for (const member of cycle) cyclic.add(nodes[member]!);
    const members = new Set(cycle);
    const [first] = cycle as [number];
    const { kind, onFinding, references } = nodes[first]!;
    const keys = new Set(cycle.map((member) => nodes[member]!.key));
    const { path } = references.find((reference) => reference.kind === kind && keys.has(reference.key))!;
    const order = walk(graph, members, first);
    const isRing = order.length === cycle.length && graph[order.at(-1)!]!.includes(first);
    const named = (isRing ? order : cycle).slice(0, MAX_NAMED_MEMBERS).map((i) => quote(nodes[i]!.key));
    if (cycle.length > MAX_NAMED_MEMBERS) named.push(`${cycle.length - MAX_NAMED_MEMBERS} more`);
    const list = isRing ? [...named, named[0]].join(" → ") : named.join(", ");
    const what = kind === "flags" ? "prerequisites" : "segments in segments";
    const effect = severity === "error"
      ? "contexts that come to it get an error"
      : "it counts once all of them are on";
    onFinding(
      severity,
      path,
      `is in a cycle of ${what} (${list}): ${effect}`,
      "Remove one of these references",
    );
  }
  return cyclic;
}

/** Lists members of a cycle in the order in which they refer to each other, until there is no further one. */
function walk(graph: number[][], members: ReadonlySet<number>, first: number): number[] {
  const seen = new Set<number>();
  for (let at: number | undefined = first; at !== undefined;) {
    seen.add(at);
    at = graph[at]!.find((next) => members.has(next) && !seen.has(next));
  }
  return [...seen];
}

/** Reports the longest chain of references if it is too long: those that are parts of it are no findings of their own. */
function reportChain(nodes: readonly Node[], graph: number[][]): void {
  const steps = computeDepths(graph);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const depths = step.value;
  const longest = depths.reduce((longest, depth, i) => depth > depths[longest]! ? i : longest, 0);
  if (nodes.length === 0 || depths[longest]! <= MAX_NESTING) return;
  const { kind, onFinding } = nodes[longest]!;
  const affected = depths.filter((depth) => depth > MAX_NESTING).length;
  const [what, who] = kind === "flags"
    ? ["prerequisites", count(affected, "flag")]
    : ["segments in segments", `flags that ask ${count(affected, "segment")}`];
  const problem = `begins a chain of ${
    depths[longest]
  } ${what}, more than ${MAX_NESTING}: ${who} can give an error`;
  onFinding("warning", "", problem, "Make the chain shorter");
}
