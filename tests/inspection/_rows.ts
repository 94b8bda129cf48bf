/** A row of docs/check.md. */
export interface Row {
  /** Messages, with `…` for what differs. */
  messages: string[];
  /** What to do, as plain text. */
  advice: string;
}

/** Reads the rows of all tables of a page. */
export function readRows(page: string): Row[] {
  return page.split("\n").filter((line) => /^\| `/.test(line)).map((line) => {
    const [, first = "", , third = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return {
      messages: [...first.matchAll(/`([^`]+)`/g)].map(([, text]) => text!),
      advice: third.replaceAll("`", ""),
    };
  });
}

/** Whether a text with `…` for what differs stands for another one. */
export function covers(row: string, message: string): boolean {
  const parts = row.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(message);
}
