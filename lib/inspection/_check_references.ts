import { inspectNesting } from "./_check_nesting.ts";
import { count, quote } from "./_phrases.ts";
import { createNode, type Node, type NodeSource, type Reference } from "./_references.ts";

/** A reference to what is not there. */
interface Dangling {
  /** Name of what is not there, the same for all references to it. */
  target: string;
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
   * @param source The item, and what is known of it.
   */
  add(source: NodeSource): void {
    this.#nodes[source.kind].set(source.key, createNode(source));
  }

  /**
   * Adds an item that cannot be read.
   *
   * @param item Kind and key.
   */
  addUnknown({ kind, key }: { kind: "flags" | "segments"; key: string }): void {
    this.#unknown[kind].add(key);
  }

  /**
   * Finds references to what is not there, and cycles and chains that are too long.
   *
   * @returns Number of segments that ask other segments, and are in no cycle.
   */
  inspect(): number {
    const flags = [...this.#nodes.flags.values()];
    const segments = [...this.#nodes.segments.values()];
    inspectNesting(flags);
    const nesting = inspectNesting(segments);
    const dangling = [...flags, ...segments].flatMap((node) =>
      node.references.flatMap((reference) => this.#findDangling(node, reference) ?? [])
    );
    for (const group of Map.groupBy(dangling, ({ target }) => target).values()) reportDangling(group);
    return nesting;
  }

  #findDangling(node: Node, { kind, key, path, wanted }: Reference): Dangling | undefined {
    const effect = kind === "flags" ? "the flag always serves its off variation" : "nobody belongs to it";
    const target = `${kind} ${key}`;
    const other = this.#nodes[kind].get(key);
    if (other === undefined || other.isDeleted) {
      if (this.#unknown[kind].has(key)) return undefined;
      const why = other
        ? "which is deleted"
        : `but there is no such ${kind === "flags" ? "flag" : "segment"}`;
      const is = key === "" ? "is empty" : `is ${quote(key)}, ${why}`;
      const hint = "Remove the reference, or add what is missing";
      return { target, node, path, problem: `${is}: ${effect}`, hint };
    }
    if (!wanted || wanted.variation >= 0 && wanted.variation < other.variations) return undefined;
    const { variation } = wanted;
    if (other.lacking.has(variation) || other.variations === 0 && other.lacking.size > 0) return undefined;
    const has = count(other.variations, "variation");
    return {
      target: `${target} ${variation}`,
      node,
      path: wanted.path,
      problem: `is ${variation}, but flag ${quote(key)} has ${has}: ${effect}`,
      hint: "Correct the prerequisite in LaunchDarkly",
    };
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
