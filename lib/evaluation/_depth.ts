/**
 * Longest chain of flags, or of segments, that refer to each other: people nest a few, and both at their longest take less than
 * half of the stack.
 *
 * @limit items: a flag that begins a longer one gives an error, ERROR with EXCEPTION
 */
export const MAX_NESTING = 400;

/**
 * Computes how many nodes the longest chain has that begins at each node, in steps between which the caller can let others
 * work. Nodes of a cycle count for each other, as a chain may go through all of them (Tarjan's components).
 *
 * @param dependencies For each node the nodes that it refers to.
 * @returns Steps; the last one gives the lengths, 1 for a node that refers to none.
 */
export function* computeDepths(dependencies: readonly (readonly number[])[]): Generator<void, Int32Array> {
  const count = dependencies.length;
  const order = new Int32Array(count);
  const lowest = new Int32Array(count);
  const followed = new Int32Array(count);
  const depths = new Int32Array(count);
  const component: number[] = [];
  let visited = 0;
  for (let root = 0; root < count; root++) {
    // A path of its own, because chains may be longer than the program's stack is.
    const path = order[root] === 0 ? [root] : [];
    while (path.length > 0) {
      const node = path.at(-1)!;
      if (order[node] === 0) {
        order[node] = lowest[node] = ++visited;
        component.push(node);
      }
      const next = dependencies[node]![followed[node]!++];
      if (next !== undefined) {
        if (order[next] === 0) path.push(next);
        else if (depths[next] === 0) lowest[node] = Math.min(lowest[node]!, order[next]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] === order[node]) {
        const members = component.splice(component.lastIndexOf(node));
        let below = 0;
        for (const member of members) {
          for (const other of dependencies[member]!) below = Math.max(below, depths[other]!);
        }
        for (const member of members) depths[member] = members.length + below;
      }
      yield;
    }
  }
  return depths;
}
