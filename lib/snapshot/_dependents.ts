import type { Pause } from "../wire/mod.ts";
import type { Items } from "./_items.ts";

/**
 * Adds to a graph which items refer to which.
 *
 * @param dependents For each node those that refer to it.
 * @param items The items.
 * @param toNode Returns the node of an item by its position.
 * @param pause Called between items.
 */
export async function addDependents(
  dependents: Map<number, number[]>,
  items: Items,
  toNode: (position: number) => number,
  pause: Pause,
): Promise<void> {
  for (let position = 0; position < items.count; position++) {
    await pause();
    for (const reference of items.getReferences(position)) {
      const node = toNode(reference);
      const known = dependents.get(node);
      if (known) known.push(toNode(position));
      else dependents.set(node, [toNode(position)]);
    }
  }
}
