import { lineOf, type Node, visit } from "./docs/_syntax.ts";

/** Names of rooms (`http`, `routes/*`, `relay`), each with those that it may import. */
export type Rooms = ReadonlyMap<string, readonly string[]>;

/** Where the rooms are. */
const LIB = "lib/";

/** The room whose business the console is. */
const CONSOLE_ROOM = "cli";

/** What is empty when a module begins and can hold something later. */
const CONTAINERS = /^(Array|Map|Set|WeakMap|WeakSet)$/;

/** An import of a file of the project. */
interface Import {
  to: string;
  line: number;
}

/**
 * Reads the table of rooms: rows whose first cell is a path below `lib/`, or an entrypoint, and whose last one lists rooms, or says
 * `all below` or `–`.
 *
 * @param page Markdown.
 * @returns The rooms in the order of the table.
 */
export function readRooms(page: string): Rooms {
  const rows = page.split("\n").flatMap((line): [name: string, may: string][] => {
    const cells = line.split("|").map((cell) => cell.trim());
    const path = /^`(lib\/.+|main\.ts|courier\.ts)`$/.exec(cells[1] ?? "")?.[1];
    return path === undefined || cells.length !== 5 ? [] : [[nameOf(path), cells[3]!]];
  });
  return new Map(rows.map(([name, may], i) => {
    if (may === "–") return [name, []];
    return [name, may === "all below" ? rows.slice(i + 1).map(([other]) => other) : may.split(", ")];
  }));
}

/** The name of the room at a path: without `lib/`, the last slash, and `.ts`. */
function nameOf(path: string): string {
  return path.replace(LIB, "").replace(/\/$|\.ts$/, "");
}

/** The room that a file is in: a row of its own, or its folder's, or that of every folder beside it. */
function roomOf(path: string, rooms: Rooms): string | undefined {
  const folder = folderOf(path);
  const siblings = `${folderOf(folder)}/*`.replace(/^\//, "");
  return [path, folder, siblings].map(nameOf).find((name) => rooms.has(name));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * Finds where files break the rules of CONTRIBUTING.md, "The rooms".
 *
 * @param sources Texts of the files by path.
 * @param rooms The table.
 * @returns A line for each fault: where, and which rule.
 */
export function findFaults(sources: ReadonlyMap<string, string>, rooms: Rooms): string[] {
  const faults: string[] = [];
  const imports = new Map<string, Import[]>();
  for (const [path, source] of sources) {
    const room = roomOf(path, rooms);
    if (room === undefined) faults.push(`${path}: is in no room of the table`);
    imports.set(path, []);
    visit(path, source, {
      "*": (node: Node) => {
        const line = lineOf(source, node);
        const to = resolve(path, specifierOf(node));
        if (to) imports.get(path)!.push({ to, line });
        if (room !== CONSOLE_ROOM && isConsole(node)) faults.push(`${path}:${line}: uses the console`);
        if (isState(node)) faults.push(`${path}:${line}: keeps state in a module`);
      },
    });
    for (const one of imports.get(path)!) {
      const fault = findImportFault(path, one.to, rooms);
      if (fault) faults.push(`${path}:${one.line}: ${fault}`);
    }
  }
  const files = new Map([...imports].map(([path, list]) => [path, list.map(({ to }) => to)]));
  return [...faults, ...findCircles(files), ...findCircles(rooms)];
}

function findImportFault(from: string, to: string, rooms: Rooms): string | undefined {
  if (folderOf(from) === folderOf(to) && folderOf(from) !== nameOf(LIB)) return undefined;
  const [own, other] = [roomOf(from, rooms), roomOf(to, rooms)];
  if (own === undefined || other === undefined) return undefined;
  if (/\/_[^/]*$/.test(to)) return `imports ${to}, which is private to its folder`;
  if (nameOf(to) !== other && !to.endsWith("/mod.ts")) return `imports ${to}, not the room's mod.ts`;
  return rooms.get(own)!.includes(other) ? undefined : `${own} may not import ${other}`;
}

/**
 * Lists the files that an entrypoint needs.
 *
 * @param sources Texts of the files by path.
 * @param entrypoint Path of the entrypoint.
 * @returns Paths, the entrypoint's among them.
 */
export function listNeeded(sources: ReadonlyMap<string, string>, entrypoint: string): string[] {
  const needed = new Set([entrypoint]);
  // Members added to a set during iteration are visited as well.
  for (const path of needed) {
    visit(path, sources.get(path)!, {
      "*": (node: Node) => {
        const to = resolve(path, specifierOf(node));
        if (to) needed.add(to);
      },
    });
  }
  return [...needed];
}

/** Finds circles, each once. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  function follow(node: string, path: readonly string[]): void {
    if (path.includes(node)) {
      circles.push(`import circle: ${[...path.slice(path.indexOf(node)), node].join(" → ")}`);
    } else if (!done.has(node)) {
      for (const next of graph.get(node) ?? []) follow(next, [...path, node]);
      done.add(node);
    }
  }
  for (const node of graph.keys()) follow(node, []);
  return circles;
}

/** What a node imports, types included. */
function specifierOf(node: Node): unknown {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return node.source?.value;
    case "ImportExpression":
      return (node.source as { value?: unknown }).value;
    case "TSImportType":
      return (node.argument as { value?: unknown; literal?: { value?: unknown } }).literal?.value ??
        (node.argument as { value?: unknown }).value;
    default:
      return undefined;
  }
}

/** The path of a TypeScript file of the project that a specifier names. */
function resolve(from: string, specifier: unknown): string | undefined {
  if (typeof specifier !== "string" || !/^\..*\.ts$/.test(specifier)) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function isConsole(node: Node): boolean {
  return node.type === "MemberExpression" && node.object.type === "Identifier" &&
    node.object.name === "console";
}

/** Whether a node is a variable of a module that changes, or a container that is filled later. */
function isState(node: Node): boolean {
  if (node.type !== "VariableDeclaration") return false;
  if (!/^(Program|ExportNamedDeclaration)$/.test(node.parent.type)) return false;
  return node.kind !== "const" || node.declarations.some(({ id, init }) => {
    if (init?.type === "ArrayExpression") return init.elements.length === 0 && !isReadonly(id);
    if (init?.type === "ObjectExpression") return init.properties.length === 0;
    return init?.type === "NewExpression" && init.arguments.length === 0 &&
      init.callee.type === "Identifier" && CONTAINERS.test(init.callee.name);
  });
}

/** Whether nothing can ever be put into an array: `readonly T[]`, `never[]`. */
function isReadonly(name: Node): boolean {
  const type = name.type === "Identifier" ? name.typeAnnotation?.typeAnnotation : undefined;
  return type?.type === "TSTypeOperator" ||
    type?.type === "TSArrayType" && type.elementType.type === "TSNeverKeyword";
}
