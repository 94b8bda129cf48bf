/** Obedience of a process with clients to the one that measures. */
export interface Orders<Report> {
  /** Called before an archive is replaced by that of a version. */
  announce(version: number): void;
  /** Called when what has been seen is wanted. */
  report(): Report;
}

/** Splits text as it arrives into lines. */
export async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
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
