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
  /** Variations that a flag lacks and wants itself, which is a finding already. */
  lacking: ReadonlySet<number>;
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

/** A reference to what is not there. */
interface Dangling {
  node: Node;
  path: string;
  problem: string;
  hint: string;
}

/** The prerequisites and segments to which the items of an environment refer. */
export class References {
  readonly #nodes = { flags: new Map<string, Node>(), segments: new Map<string, Node>() };
  /** Keys of items that cannot be read: that they are missing is no finding of its own. */
  readonly #unknown = { flags: new Set<string>(), segments: new Set<string>() };

  /**
   * Adds a flag or a segment. It is not kept.
   *
   * @param options Kind and key, the item, the variations that it lacks and wants, and the receiver of findings about it.
   */
  add({ kind, key, item, lacking, onFinding }: {
    kind: Kind;
    key: string;
    item: Flag | Segment;
    lacking?: ReadonlySet<number> | undefined;
    onFinding: OnFinding;
  }): void {
    const flag = kind === "flags" ? item as Flag : undefined;
    const isDeleted = item.deleted ?? false;
    this.#nodes[kind].set(key, {
      kind,
      key,
      isDeleted,
      isOn: flag === undefined || flag.on === true,
      variations: flag?.variations?.length ?? 0,
      lacking: lacking ?? new Set(),
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

  /**
   * Finds references to what is not there, and cycles and chains that are too long.
   *
   * @returns Number of segments that ask other segments, and are in no cycle.
   */
  inspect(): number {
    let nesting = 0;
    const dangling = new Map<string, Dangling[]>();
    for (const kind of ["flags", "segments"] as const) {
      const nodes = [...this.#nodes[kind].values()];
      for (const node of nodes) {
        for (const reference of node.references) this.#collectDangling(dangling, node, reference);
      }
      const cyclic = reportCycles(nodes, this.#link(nodes, (node) => node.isOn), "error");
      if (kind === "segments") {
        nesting = this.#link(nodes, (node) => !cyclic.has(node)).filter((asked) => asked.length > 0).length;
      }
      reportCycles(nodes, this.#link(nodes, (node) => !cyclic.has(node)), "warning");
      reportChain(nodes, this.#link(nodes, (node) => node.isOn && !cyclic.has(node)));
    }
    for (const group of dangling.values()) reportDangling(group);
    return nesting;
  }

  /** Adds a reference to those that want the same, if that is not there. */
  #collectDangling(dangling: Map<string, Dangling[]>, node: Node, reference: Reference): void {
    const { kind, key, path, wanted } = reference;
    const effect = kind === "flags" ? "the flag always serves its off variation" : "nobody belongs to it";
    const other = this.#nodes[kind].get(key);
    let target = `${kind} ${key}`;
    let found: Dangling;
    if (other === undefined || other.isDeleted) {
      if (this.#unknown[kind].has(key)) return;
      const why = other
        ? "which is deleted"
        : `but there is no such ${kind === "flags" ? "flag" : "segment"}`;
      const is = key === "" ? "is empty" : `is ${quote(key)}, ${why}`;
      found = {
        node,
        path,
        problem: `${is}: ${effect}`,
        hint: "Remove the reference, or add what is missing",
      };
    } else if (wanted && (wanted.variation < 0 || wanted.variation >= other.variations)) {
      const { variation, path } = wanted;
      if (other.lacking.has(variation) || other.variations === 0 && other.lacking.size > 0) return;
      const has = count(other.variations, "variation");
      const problem = `is ${variation}, but flag ${quote(key)} has ${has}: ${effect}`;
      target += ` ${variation}`;
      found = { node, path, problem, hint: "Correct the prerequisite in LaunchDarkly" };
    } else return;
    const group = dangling.get(target);
    if (group) group.push(found);
    else dangling.set(target, [found]);
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

/** Reports references to one thing that is not there as one finding, about a flag that is on if there is one. */
function reportDangling(group: readonly Dangling[]): void {
  const first = group.find(({ node }) => node.isOn) ?? group[0]!;
  const { node, path, problem, hint } = first;
  const others = group.length - 1;
  const next = group.find((dangling) => dangling !== first)?.node;
  const likewise = next === undefined
    ? ""
    : `; likewise in ${next.kind === "flags" ? "flag" : "segment"} ${quote(next.key)}${
      others === 1 ? "" : ` and ${count(others - 1, "other place")}`
    }`;
  node.onFinding(node.isOn ? "error" : "warning", path, `${problem}${likewise}`, hint);
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
