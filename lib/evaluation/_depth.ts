/**
 * Longest chain of flags, or of segments, that refer to each other: people nest a few, and both at their longest take less than
 * half of the stack.
 *
 * @limit items: a flag that begins a longer one evaluates to an error, ERROR with EXCEPTION
 */
export const MAX_NESTING = 400;

/**
 * Computes how many nodes the longest chain has that begins at each node, in steps between which the caller can let others
 * work. Nodes of a cycle count for each other, as a chain may go through all of them.
 *
 * @param dependencies For each node the nodes that it refers to.
 * @returns Steps; the last one returns the lengths, 1 for a node that refers to none.
 */
export function* computeDepths(dependencies: readonly (readonly number[])[]): Generator<void, Int32Array> {
  const depths = new Int32Array(dependencies.length);
  for (const members of walkComponents(dependencies)) {
    if (members !== undefined) {
      let below = 0;
      for (const member of members) {
        for (const other of dependencies[member]!) below = Math.max(below, depths[other]!);
      }
      for (const member of members) depths[member] = members.length + below;
    }
    yield;
  }
  return depths;
}

/**
 * Finds the cycles of a graph. Cycles that share a node are one.
 *
 * @param dependencies For each node the nodes that it refers to.
 * @returns The members of each cycle in ascending order; a node that refers to itself is a cycle of one.
 */
export function findCycles(dependencies: readonly (readonly number[])[]): number[][] {
  const cycles: number[][] = [];
  for (const members of walkComponents(dependencies)) {
    if (members === undefined) continue;
    const [first] = members as [number];
    if (members.length > 1 || dependencies[first]!.includes(first)) {
      cycles.push(members.sort((a, b) => a - b));
    }
  }
  return cycles;
}

/**
 * Finds the strongly connected components, each after all that it refers to (Tarjan). Yields once for each node: the component
 * that is complete now, or `undefined`.
 */
function* walkComponents(
  dependencies: readonly (readonly number[])[],
): Generator<number[] | undefined, void> {
  const count = dependencies.length;
  const order = new Int32Array(count);
  const lowest = new Int32Array(count);
  const followed = new Int32Array(count);
  const complete = new Uint8Array(count);
  const open: number[] = [];
  let visited = 0;
  for (let root = 0; root < count; root++) {
    // A path of its own, because chains may be longer than the program's stack is.
    const path = order[root] === 0 ? [root] : [];
    while (path.length > 0) {
      const node = path.at(-1)!;
      if (order[node] === 0) {
        order[node] = lowest[node] = ++visited;
        open.push(node);
      }
      const next = dependencies[node]![followed[node]!++];
      if (next !== undefined) {
        if (order[next] === 0) path.push(next);
        else if (!complete[next]) lowest[node] = Math.min(lowest[node]!, order[next]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] !== order[node]) {
        yield;
        continue;
      }
      const members = open.splice(open.lastIndexOf(node));
      for (const member of members) complete[member] = 1;
      yield members;
    }
  }
}
