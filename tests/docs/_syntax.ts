/** A node of a syntax tree, as the linter of Deno gives it. */
export type Node = Deno.lint.Node;

/** Where something stands in the source. */
export interface Place {
  /** Path from the root of the project. */
  path: string;
  /** Line, from 1. */
  line: number;
}

/**
 * Calls back for each node of some types. Deno's linter parses the source, so a test needs no parser of its own.
 *
 * @param path Path of the source.
 * @param source Its text.
 * @param visitor What is called, by type of node.
 */
export function visit(path: string, source: string, visitor: Deno.lint.LintVisitor): void {
  const rule: Deno.lint.Rule = { create: () => visitor };
  Deno.lint.runPlugin({ name: "halyard", rules: { visit: rule } }, path, source);
}

/**
 * Finds the line of a node.
 *
 * @param source Text that the node is of.
 * @param node The node.
 * @returns Its line, from 1.
 */
export function lineOf(source: string, node: Node): number {
  return source.slice(0, node.range[0]).split("\n").length;
}
