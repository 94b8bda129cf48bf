/**
 * Stand-in for `@std/ini` where no JSR is reached: what Halyard uses, with the same results for the lines that it
 * hands over: `[section]` and `name="value"`, no name twice, no dots, nothing to escape.
 *
 * @module
 */
// @ts-types="npm:@types/ini@^4.1.1"
import ini from "ini";

/**
 * Parses INI text.
 *
 * @param text The lines.
 * @returns Sections by name, values by name in each.
 * @throws {SyntaxError} When a line is neither section, `name=value` nor comment.
 */
export function parse<T extends object>(text: string): T {
  for (const [i, line] of text.split("\n").entries()) {
    if (!/^\s*($|[#;]|\[.*\S.*\]\s*$|[^\s=[][^=]*=)/.test(line)) {
      throw new SyntaxError(`Unexpected line ${i + 1} in INI`);
    }
  }
  return ini.parse(text) as T;
}
