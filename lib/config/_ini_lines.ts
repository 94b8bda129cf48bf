/** A variable's occurrence: its line, and its text or `null` where the name stands alone. */
export type Occurrence = [line: number, text: string | null];

/** Writes any value in characters that mean nothing to an INI parser. */
function encode(value: unknown): string {
  return encodeURIComponent(JSON.stringify(value)).replaceAll(".", "%2E");
}

/** Reads what `encode` wrote. */
export function decode(text: string): unknown {
  return JSON.parse(decodeURIComponent(text));
}

/** The length of a text without the space at its end. A regular expression would take a second for a long inner space. */
function lengthWithoutSpace(text: string): number {
  let length = text.length;
  while (length > 0 && " \t\r".includes(text.charAt(length - 1))) length--;
  return length;
}

/**
 * Turns a configuration file into lines that every INI parser reads alike.
 *
 * Applies the line rules of gcfg, which the Relay Proxy reads with: comments, quotes, escapes, continued lines, names
 * in any case, repeated sections and variables. What comes out has each section and each variable once, in the
 * spelling met first: `[encoded [name, subsection or null, line]]` and `name="encoded occurrences"`.
 *
 * @param text The file, decoded.
 * @returns The canonical lines.
 * @throws {SyntaxError} On what gcfg refuses, naming the line.
 */
export function iniLines(text: string): string {
  const sections = new Map<string, { title: string; variables: Map<string, [name: string, Occurrence[]]> }>();
  let current: Map<string, [string, Occurrence[]]> | undefined;
  let at = 0;
  let line = 1;

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [""];
    at += found.length;
    for (const char of found) if (char === "\n") line++;
    return found;
  }

  function refuse(reason: string): never {
    throw new SyntaxError(`line ${line}: ${reason}`);
  }

  function takeSpace(): void {
    take(/[ \t\r]+/y);
  }

  function takeName(): string {
    return take(/\p{L}[\p{L}\p{Nd}-]*/uy);
  }

  function isAtEnd(): boolean {
    return at === text.length || "\n;#".includes(text.charAt(at));
  }

  /** Consumes the rest of a quoted text, closing quote included. */
  function takeQuoted(escapes: string): string {
    let value = "";
    while (!take(/"/y)) {
      value += take(/[^"\\\n]+/y);
      if (take(/\\/y)) {
        const escape = text.charAt(at);
        if (escape === "" || !escapes.includes(escape)) refuse("unknown escape sequence");
        at++;
        value += escape === "n" ? "\n" : escape === "t" ? "\t" : escape;
      } else if (at === text.length || text.charAt(at) === "\n") {
        refuse("string not terminated");
      }
    }
    return value;
  }

  function takeValue(): string {
    let value = "";
    let end = 0; // What is past it is space that a value does not end with.
    while (!isAtEnd()) {
      const plain = take(/[^"\\\n;#]+/y);
      value += plain;
      end = value.length - plain.length + lengthWithoutSpace(plain);
      if (take(/"/y)) value += takeQuoted('\\"nt');
      else if (take(/\\\r?"/y)) value += '"';
      else if (!take(/\\\r?\n/y)) {
        if (text.charAt(at) === "\\") refuse("unquoted '\\' must be followed by new line or double quote");
        continue;
      }
      end = value.length;
    }
    return value.slice(0, end).replaceAll("\r", "");
  }

  function takeHeader(): void {
    const first = line;
    takeSpace();
    const name = takeName() || refuse("expected section name");
    takeSpace();
    let subsection: string | null = null;
    if (take(/"/y)) {
      subsection = takeQuoted('\\"') || refuse("empty subsection name");
      takeSpace();
    }
    if (!take(/]/y)) {
      refuse(subsection === null ? "expected subsection name or right bracket" : "expected right bracket");
    }
    takeSpace();
    if (!isAtEnd()) refuse("expected EOL, EOF, or comment");
    const key = JSON.stringify([name.toLowerCase(), subsection]);
    let section = sections.get(key);
    if (!section) {
      sections.set(key, section = { title: encode([name, subsection, first]), variables: new Map() });
    }
    current = section.variables;
  }

  function takeVariable(name: string): void {
    if (!current) refuse("expected section header");
    const occurrence: Occurrence = [line, null];
    takeSpace();
    if (!isAtEnd()) {
      if (!take(/=/y)) refuse("expected '='");
      takeSpace();
      occurrence[1] = takeValue();
    }
    const variable = current.get(name.toLowerCase());
    if (variable) variable[1].push(occurrence);
    else current.set(name.toLowerCase(), [name, [occurrence]]);
  }

  while (at < text.length) {
    takeSpace();
    if (take(/\n/y) || take(/[;#][^\n]*/y) || at === text.length) continue;
    const name = takeName();
    if (name) takeVariable(name);
    else if (take(/\[/y)) takeHeader();
    else refuse("expected section header or variable declaration");
  }

  let lines = "";
  for (const { title, variables } of sections.values()) {
    lines += `[${title}]\n`;
    for (const [name, occurrences] of variables.values()) {
      lines += `${encode(name)}="${encode(occurrences)}"\n`;
    }
  }
  return lines;
}
