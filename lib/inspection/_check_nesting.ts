import { computeDepths, findCycles, MAX_NESTING } from "../evaluation/mod.ts";
import { count, quote } from "./_phrases.ts";
import type { Node } from "./_references.ts";

/** Most members of a cycle that are named. @limit members: the others are counted */
const MAX_NAMED_MEMBERS = 20;

/**
 * Finds cycles of references, and chains that are too long.
 *
 * @param nodes All flags, or all segments.
 * @returns Number of those that refer to others of their kind, and are in no cycle.
 */
export function inspectNesting(nodes: readonly Node[]): number {
  const cyclic = reportCycles(nodes, link(nodes, (node) => node.isOn), "error");
  const acyclic = link(nodes, (node) => !cyclic.has(node));
  // Of these, some flag is off.
  reportCycles(nodes, acyclic, "warning");
  reportChain(nodes, link(nodes, (node) => node.isOn && !cyclic.has(node)));
  return acyclic.filter((references) => references.length > 0).length;
}

/** Makes a graph of the references between nodes: those from and to nodes of which `counts` is true. */
function link(nodes: readonly Node[], counts: (node: Node) => boolean): number[][] {
  const positions = new Map(nodes.map((node, i) => [node.key, i]));
  return nodes.map((node) =>
    !counts(node) ? [] : node.references.flatMap(({ kind, key }) => {
      const position = kind === node.kind ? positions.get(key) : undefined;
      return position !== undefined && counts(nodes[position]!) ? [position] : [];
    })
  );
}

/** Reports the cycles of a graph, and returns their members. */
function reportCycles(nodes: readonly Node[], graph: number[][], severity: "error" | "warning"): Set<Node> {
  const cyclic = new Set<Node>();
  for (const cycle of findCycles(graph)) {
    const members = cycle.map((position) => nodes[position]!);
    for (const member of members) cyclic.add(member);
    const [{ kind, onFinding, references }] = members as [Node];
    const keys = new Set(members.map(({ key }) => key));
    const { path } = references.find((reference) => reference.kind === kind && keys.has(reference.key))!;
    const what = kind === "flags" ? "prerequisites" : "segments in segments";
    const effect = severity === "error"
      ? "contexts that come to it get an error"
      : "it counts once all of them are on";
    const problem = `is in a cycle of ${what} (${nameMembers(nodes, graph, cycle)}): ${effect}`;
    onFinding(severity, path, problem, "Remove one of these references");
  }
  return cyclic;
}

/** Names the members of a cycle, in the order in which they refer to each other if that leads through all of them. */
function nameMembers(nodes: readonly Node[], graph: number[][], cycle: readonly number[]): string {
  const order = walk(graph, cycle);
  const isRing = order.length === cycle.length && graph[order.at(-1)!]!.includes(order[0]!);
  const names = (isRing ? order : cycle).slice(0, MAX_NAMED_MEMBERS).map((i) => quote(nodes[i]!.key));
  if (cycle.length > MAX_NAMED_MEMBERS) names.push(`${cycle.length - MAX_NAMED_MEMBERS} more`);
  return isRing ? [...names, names[0]].join(" → ") : names.join(", ");
}

/** Lists members of a cycle in the order in which they refer to each other, until there is no further one. */
function walk(graph: number[][], cycle: readonly number[]): number[] {
  const left = new Set(cycle);
  const order: number[] = [];
  for (let at = cycle[0]; at !== undefined; at = graph[at]!.find((next) => left.has(next))) {
    left.delete(at);
    order.push(at);
  }
  return order;
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
