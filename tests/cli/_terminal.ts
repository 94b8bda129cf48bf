import type { Terminal } from "../../lib/cli/mod.ts";

/** A terminal that keeps what is printed, the log included. */
export function makeTerminal(): Terminal & { output: string; errors: string } {
  const terminal = {
    output: "",
    errors: "",
    print(text: string): void {
      terminal.output += text;
    },
    printError(text: string): void {
      terminal.errors += text;
    },
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
