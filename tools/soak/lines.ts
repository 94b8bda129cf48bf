/** Splits text as it arrives into lines. */
export async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** A way to take the orders of the process that measures. */
export interface Orders<Report> {
  /** Called before an archive is replaced by that of a version. */
  announce(version: number): void;
  /** Called when what has been seen is wanted. */
  report(): Report;
}

/** Obeys the lines on standard input, `announce VERSION` or `report`, each with a line of JSON. Ends the process with their end. */
export async function obey<Report>(orders: Orders<Report>): Promise<never> {
  for await (const line of readLines(Deno.stdin.readable)) {
    const [order, version] = line.split(" ");
    const answer = order === "announce" ? orders.announce(Number(version)) : orders.report();
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(answer ?? null)}\n`));
  }
  Deno.exit();
}

/** The first few problems that are met, and the number of all of them. */
export class Problems {
  /** What they were. */
  readonly texts: string[] = [];

  /** Keeps a text, if there are not many yet. */
  note(text: string): void {
    if (this.texts.length < 10) this.texts.push(text);
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** The value that a share of sorted numbers does not exceed; 0 when there is none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
