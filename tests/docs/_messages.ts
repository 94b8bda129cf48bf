import { lineOf, type Node, visit } from "./_syntax.ts";

/** What a program can say when something is wrong. */
export interface Message {
  /** `message` says what is wrong; `hint` says what to do. */
  kind: "message" | "hint";
  /** The text, with `…` for what is known only when the program runs. */
  text: string;
  /** Where it is made: `path:line`. */
  place: string;
}

/** A source with all nodes of its tree. */
interface File {
  path: string;
  source: string;
  nodes: Node[];
}

/** What a name stands for: an expression, or a parameter of a function. */
type Binding = { scope: Node; init: Node | null } | {
  scope: Node;
  call: string;
  index: number;
  preset: Node | null;
};

/** Where calls are looked up, by name of what is called. */
interface Program {
  files: File[];
  bindings: Map<File, Map<string, Binding[]>>;
  calls: Map<string, { file: File; args: readonly Node[] }[]>;
  functions: Map<string, { file: File; node: Node }[]>;
}

/** What stands for a part of a text that is not known. */
const UNKNOWN = "…";

/** Texts of which one expression can be at most. More of them would be a mistake of this code. */
const MOST_TEXTS = 300;

/** What a warning or error goes through when it is no exception. */
const LISTS = /^(warnings|problems)$/;

/**
 * Collects every error, warning and hint that a program can print: what is given to the constructor of an error, to
 * `log.warn` and `log.error`, to `printError`, as a `message` or `hint` of an object, or into a list of warnings; and to what
 * takes faults of data.
 *
 * It follows names to what they stand for and parameters to what callers give, so that `refuse("a")` counts where
 * `refuse` throws. A choice between texts counts as each of them.
 *
 * @param sources Texts by path.
 * @returns The messages in the order of the sources, each text once.
 */
export function collectMessages(sources: ReadonlyMap<string, string>): Message[] {
  const program = parse(sources);
  const messages = new Map<string, Message>();
  for (const file of program.files) {
    for (const node of file.nodes) {
      for (const [kind, expression, start = ""] of findSinks(file, node, program)) {
        for (const text of textsOf(expression, file, program, [])) {
          for (const part of split(kind, start + text)) {
            if (!/\p{L}{2}/u.test(part.text)) continue;
            const id = `${part.kind} ${part.text}`;
            const place = findText(part.text, sources) ?? `${file.path}:${lineOf(file.source, expression)}`;
            if (!messages.has(id)) messages.set(id, { ...part, place });
          }
        }
      }
    }
  }
  return [...messages.values()];
}

/** Where the last known part of a text stands, which says more than where the text is printed. */
function findText(text: string, sources: ReadonlyMap<string, string>): string | undefined {
  const part = text.split(/…|: /).findLast((part) => part.length > 8);
  if (part === undefined) return undefined;
  for (const [path, source] of sources) {
    const at = source.indexOf(part);
    if (at >= 0) return `${path}:${source.slice(0, at).split("\n").length}`;
  }
}

/** What a text says, and what it says to do. */
function split(kind: Message["kind"], text: string): Pick<Message, "kind" | "text">[] {
  const [first = "", ...hints] = text.split(/(?:^|; |\n)hint: /);
  const parts: Pick<Message, "kind" | "text">[] = [{ kind, text: first.replace(/^Error: /, "").trim() }];
  return [...parts, ...hints.map((hint) => ({ kind: "hint" as const, text: hint.trim() }))];
}

/** Gives what a node hands over to be printed, and what is printed before it. */
function findSinks(
  file: File,
  node: Node,
  program: Program,
): [kind: Message["kind"], expression: Node, start?: string][] {
  switch (node.type) {
    case "NewExpression": {
      const name = nameOf(node.callee);
      const [first] = node.arguments;
      // With a constructor of its own, what it gives to `super` counts.
      return first && /Error$/.test(name) && !program.functions.has(name) ? [["message", first]] : [];
    }
    case "CallExpression": {
      const [first] = node.arguments;
      if (!first) return [];
      if (node.callee.type === "Super") return /Error$/.test(nameOfSuper(node)) ? [["message", first]] : [];
      if (nameOf(node.callee) === "printError") return [["message", first]];
      if (nameOf(node.callee) === "onFault" && node.arguments[1]) {
        const path = first.type === "Literal" ? first.value : UNKNOWN;
        return [["message", node.arguments[1], `"${path}" `]];
      }
      if (node.callee.type !== "MemberExpression") return [];
      const { object, property, computed } = node.callee;
      if (/^log$/i.test(nameOf(object))) {
        const levels = computed ? textsOf(property, file, program, []) : [nameOf(property)];
        if (!levels.some((level) => /^(warn|warnOnce|error)$/.test(level))) return [];
        return [["message", first], ...findErrorFields(node.arguments[1])];
      }
      return nameOf(property) === "push" && LISTS.test(nameOf(object)) ? [["message", first]] : [];
    }
    case "Property": {
      const name = nameOf(node.key);
      const isObject = node.parent.type === "ObjectExpression";
      if (isObject && name === "omission") {
        return [["message", node.value as Node, "Environment …: … … is left out: "]];
      }
      return isObject && (name === "message" || name === "hint") ? [[name, node.value as Node]] : [];
    }
    case "AssignmentExpression":
      return nameOf(node.left) === "hint" ? [["hint", node.right]] : [];
    default:
      return [];
  }
}

/** Gives the field `error` of a log line: why something failed. The field `hint` is found as a property. */
function findErrorFields(fields: Node | undefined): [Message["kind"], Node][] {
  if (fields?.type !== "ObjectExpression") return [];
  return fields.properties.flatMap((field): [Message["kind"], Node][] =>
    field.type === "Property" && nameOf(field.key) === "error" ? [["message", field.value as Node]] : []
  );
}

/** Lists the texts that an expression can be. */
function textsOf(node: Node, file: File, program: Program, through: readonly Node[]): string[] {
  if (through.includes(node) || through.length > 40) return [UNKNOWN];
  const path = [...through, node];
  const texts = (inner: Node): string[] => textsOf(inner, file, program, path);
  switch (node.type) {
    case "Literal":
      return [typeof node.value === "string" ? node.value : UNKNOWN];
    case "TemplateLiteral":
      return node.quasis.reduce<string[]>((starts, { cooked }, i) => {
        const inner = node.expressions[i];
        // A word alone is a name that is put in; what has a blank is part of the sentence.
        const parts = inner ? texts(inner).map((text) => / \S|^$/.test(text) ? text : UNKNOWN) : [""];
        return join(starts, parts.map((part) => cooked + part));
      }, [""]);
    case "BinaryExpression":
      return node.operator === "+" ? join(texts(node.left), texts(node.right)) : [UNKNOWN];
    case "ConditionalExpression":
      return [...texts(node.consequent), ...texts(node.alternate)];
    case "LogicalExpression":
      return node.operator === "&&" ? texts(node.right) : [...texts(node.left), ...texts(node.right)];
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSSatisfiesExpression":
    case "ChainExpression":
      return texts(node.expression);
    case "Identifier":
      return node.name === "undefined" ? [] : textsOfName(node, file, program, path);
    case "MemberExpression":
      return textsInTable(node, file, program, path);
    case "CallExpression": {
      const found = textsInTable(node.callee, file, program, path);
      if (found[0] !== UNKNOWN) return found;
      return textsOfCall(nameOf(node.callee), file, program, path);
    }
    default:
      return [UNKNOWN];
  }
}

function join(starts: string[], ends: string[]): string[] {
  const joined = starts.flatMap((start) => ends.map((end) => (start + end).replaceAll(/…+/g, UNKNOWN)));
  return [...new Set(joined)].slice(0, MOST_TEXTS);
}

/** Follows a name to what it was set to, or a parameter to what callers give. */
function textsOfName(
  node: Node & { type: "Identifier" },
  file: File,
  program: Program,
  path: Node[],
): string[] {
  const found = findBinding(node, file, program);
  if (!found) return [UNKNOWN];
  const [home, binding] = found;
  if ("init" in binding) return binding.init ? textsOf(binding.init, home, program, path) : [UNKNOWN];
  const texts = callsOf(binding.call, home, program).flatMap(({ file, args }) => {
    const argument = args[binding.index];
    return argument && args.every(({ type }) => type !== "SpreadElement")
      ? textsOf(argument, file, program, path)
      : binding.preset
      ? textsOf(binding.preset, home, program, path)
      : [UNKNOWN];
  });
  return texts.length > 0 ? [...new Set(texts)].slice(0, MOST_TEXTS) : [UNKNOWN];
}

/** What stands in the table, all of it, that an expression takes something from: `HINTS[reason]`, `FAULTS.find(…)`. */
function textsInTable(node: Node, file: File, program: Program, path: Node[]): string[] {
  let root = node;
  while (true) {
    if (root.type === "MemberExpression") root = root.object;
    else if (root.type === "ChainExpression" || root.type === "TSNonNullExpression") root = root.expression;
    else if (root.type === "CallExpression") root = root.callee;
    else break;
  }
  if (root.type !== "Identifier" || root === node) return [UNKNOWN];
  const [home, binding] = findBinding(root, file, program) ?? [];
  if (!home || !binding || !("init" in binding) || binding.scope.type !== "Program") return [UNKNOWN];
  const { init } = binding;
  if (init?.type !== "ArrayExpression" && init?.type !== "ObjectExpression") return [UNKNOWN];
  return leavesOf(init).flatMap((leaf) => textsOf(leaf, home, program, path));
}

/** Lists the texts in a table, at any depth. */
function leavesOf(node: Node): Node[] {
  if (node.type === "ArrayExpression") {
    return node.elements.flatMap((element) => element ? leavesOf(element) : []);
  }
  if (node.type === "ObjectExpression") {
    return node.properties.flatMap((property) =>
      property.type === "Property" ? leavesOf(property.value as Node) : []
    );
  }
  const isText = node.type === "Literal"
    ? typeof node.value === "string"
    : /^(TemplateLiteral|Identifier|BinaryExpression|ConditionalExpression)$/.test(node.type);
  return isText ? [node] : [];
}

/** Lists what a function of the program returns. */
function textsOfCall(name: string, file: File, program: Program, path: Node[]): string[] {
  const all = program.functions.get(name) ?? [];
  const own = all.filter((one) => one.file === file);
  const [found, ...others] = own.length > 0 ? own : all;
  if (!found || others.length > 0) return [UNKNOWN];
  const { file: home, node } = found;
  const returned = home.nodes.flatMap((inner) =>
    inner.type === "ReturnStatement" && inner.argument && functionAround(inner)?.range[0] === node.range[0]
      ? [inner.argument]
      : []
  );
  return returned.length > 0 ? returned.flatMap((inner) => textsOf(inner, home, program, path)) : [UNKNOWN];
}

function callsOf(name: string, file: File, program: Program): { file: File; args: readonly Node[] }[] {
  if (name === "") return []; // of a function without a name, it is not known who calls it
  const calls = program.calls.get(name) ?? [];
  const homes = (program.functions.get(name) ?? []).map((one) => one.file);
  // Where a file has a function of that name, calls in it are of that one.
  return calls.filter((call) => call.file === file || !homes.includes(call.file));
}

/** Finds what a name means at a place: the innermost in its file, else what a file of its own makes of it. */
function findBinding(
  node: Node & { type: "Identifier" },
  file: File,
  program: Program,
): [File, Binding] | undefined {
  const own = program.bindings.get(file)?.get(node.name) ?? [];
  const [inner] = own
    .filter(({ scope }) => scope.type === "Program" || contains(scope, node))
    .sort((a, b) => size(a.scope) - size(b.scope));
  if (inner) return [file, inner];
  for (const [home, bindings] of program.bindings) {
    const outer = bindings.get(node.name)?.find(({ scope }) => scope.type === "Program");
    if (outer) return [home, outer];
  }
}

function contains(outer: Node, inner: Node): boolean {
  return outer.range[0] <= inner.range[0] && inner.range[1] <= outer.range[1];
}

function size({ type, range }: Node): number {
  return type === "Program" ? Infinity : range[1] - range[0];
}

function parse(sources: ReadonlyMap<string, string>): Program {
  const program: Program = { files: [], bindings: new Map(), calls: new Map(), functions: new Map() };
  for (const [path, source] of sources) {
    const file: File = { path, source, nodes: [] };
    visit(path, source, { "*": (node: Node) => void file.nodes.push(node) });
    program.files.push(file);
    program.bindings.set(file, new Map());
    for (const node of file.nodes) register(node, file, program);
  }
  return program;
}

/** Notes down what a node declares or calls. */
function register(node: Node, file: File, program: Program): void {
  const bindings = program.bindings.get(file)!;
  if (node.type === "VariableDeclarator") {
    const names = node.id.type === "Identifier" ? [node.id.name] : namesIn(node.id);
    for (const name of names) add(bindings, name, { scope: blockAround(node), init: node.init });
  } else if (isFunction(node)) {
    const call = nameOfFunction(node);
    if (call !== "") add(program.functions, call, { file, node });
    node.params.forEach((param, index) => {
      const preset = param.type === "AssignmentPattern" ? param.right : null;
      const target = param.type === "AssignmentPattern" ? param.left : param;
      if (target.type === "Identifier") add(bindings, target.name, { scope: node, call, index, preset });
    });
  } else if (node.type === "CallExpression" || node.type === "NewExpression") {
    const { callee } = node;
    const name = callee.type === "Super" ? nameOfSuper(node) : nameOf(callee);
    // Of a method called on some object, it is not known whose method it is.
    if (callee.type === "MemberExpression" && callee.object.type !== "ThisExpression") return;
    // What is called without a name, an arrow function or `(a ?? b)(…)`, has nothing to do with others without one.
    if (name !== "") add(program.calls, name, { file, args: node.arguments });
  }
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...map.get(key) ?? [], value]);
}

/** Names that `[a, b] = …` sets. Of what `{ a } = …` sets, nothing is known. */
function namesIn(pattern: Node): string[] {
  return pattern.type === "ArrayPattern"
    ? pattern.elements.flatMap((element) => element?.type === "Identifier" ? [element.name] : [])
    : [];
}

type FunctionNode = Node & { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" };

function isFunction(node: Node): node is FunctionNode {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

function parentOf(node: Node): Node | undefined {
  return "parent" in node ? node.parent as Node : undefined;
}

function functionAround(node: Node): Node | undefined {
  let around = parentOf(node);
  while (around && !isFunction(around)) around = parentOf(around);
  return around;
}

function blockAround(node: Node): Node {
  let around = parentOf(node)!;
  while (!/^(Program|BlockStatement|For\w*Statement)$/.test(around.type) && !isFunction(around)) {
    around = parentOf(around)!;
  }
  return around;
}

/** What a function is called by; its class if it is a constructor. */
function nameOfFunction(node: FunctionNode): string {
  if (node.type === "FunctionDeclaration") return node.id?.name ?? "";
  const { parent } = node;
  if (parent.type === "VariableDeclarator") return nameOf(parent.id);
  if (parent.type === "Property") return nameOf(parent.key as Node);
  if (parent.type !== "MethodDefinition") return "";
  return parent.kind === "constructor"
    ? nameOf((classAround(parent) as { id?: Node }).id)
    : nameOf(parent.key);
}

function classAround(node: Node): Node {
  let around = node;
  while (!/^Class(Declaration|Expression)$/.test(around.type)) around = parentOf(around)!;
  return around;
}

function nameOfSuper(node: Node): string {
  const around = classAround(node);
  return nameOf((around as { superClass?: Node | null }).superClass ?? undefined);
}

/** The last part of a name: `log` of `this.#options.log`. */
function nameOf(node: Node | undefined): string {
  if (node?.type === "Identifier" || node?.type === "PrivateIdentifier") return node.name;
  return node?.type === "MemberExpression" ? nameOf(node.property) : "";
}
