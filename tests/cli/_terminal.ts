import type { Terminal } from "../../lib/cli/mod.ts";

/** A terminal that keeps what is printed. */
export function makeTerminal(): Terminal & { output: string; errors: string } {
  return {
    output: "",
    errors: "",
    print(text) {
      this.output += text;
    },
    printError(text) {
      this.errors += text;
    },
  };
}
