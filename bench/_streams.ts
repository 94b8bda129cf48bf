/** A process that holds many streams; see `_stream_client.ts`. */
export interface StreamClient extends AsyncDisposable {
  /** How long it took until all streams had their first event: ms. */
  readonly opened: number;
  /** Watches all streams for a text; `seen` resolves when every one has got it. */
  watch(text: string): Promise<{ seen: Promise<{ all: number; bytes: number }> }>;
}

/** Opens streams on a relay, by its port or the path of its Unix socket, and waits until all have begun. */
export async function openStreams(
  { port, path, key, count }: { port: number | string; path: string; key: string; count: number },
): Promise<StreamClient> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--no-check",
      "-A",
      new URL("./_stream_client.ts", import.meta.url).pathname,
      `${port}`,
      path,
      key,
      `${count}`,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  // deno-lint-ignore no-explicit-any -- the client's reports
  async function nextReport(): Promise<any> {
    while (!rest.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error("The process that holds the streams has ended");
      rest += value;
    }
    const end = rest.indexOf("\n");
    const report = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    return report;
  }
  const { opened } = await nextReport();
  return {
    opened,
    async watch(text) {
      await writer.write(new TextEncoder().encode(`watch ${text}\n`));
      await nextReport();
      return { seen: nextReport() };
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await reader.cancel();
      await writer.abort().catch(() => {});
    },
  };
}

/** Memory of a process: bytes of RSS. Linux only. */
export async function rssOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** Prints rows as a table of right-aligned columns. */
export function printTable(title: string, rows: Record<string, string | number>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column]).length))
  );
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))]
    .map((cells) => cells.map((cell, i) => cell.padStart(widths[i]!)).join("  "));
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${title}\n${lines.join("\n")}\n`));
}
