import type { Terminal } from "../../lib/cli/mod.ts";

/** A terminal that keeps what is printed, the log included. */
export function makeTerminal(
  options: Partial<Pick<Terminal, "columns" | "hasColor">> & { input?: string } = {},
): Terminal & { output: string; errors: string } {
  const { input = "", hasColor = false, columns } = options;
  const terminal = {
    output: "",
    errors: "",
    print(text: unknown): void {
      terminal.output += text;
    },
    printError(text: unknown): void {
      terminal.errors += text;
    },
    columns,
    hasColor,
    input: new Blob([input]).stream(),
    stdout: makeSink((text) => terminal.print(text)),
    stderr: makeSink((text) => terminal.printError(text)),
  };
  return terminal;
}

function makeSink(print: (text: string) => void): Terminal["stdout"] {
  return {
    write(bytes) {
      print(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
  };
}
