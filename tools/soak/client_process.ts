import { readLines } from "./orders.ts";

/** A process with clients; see {@linkcode obey}. */
export class ClientProcess<Report> implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /**
   * Starts it.
   *
   * @param script Name of the script, beside this one.
   * @param options What it is told.
   */
  constructor(script: string, options: unknown) {
    const path = new URL(script, import.meta.url).pathname;
    const args = [
      "run",
      "--quiet",
      "--no-lock",
      "--no-check",
      "-A",
      path,
      JSON.stringify(options),
    ];
    // A group of its own, so that Ctrl-C does not end it before it is asked for its last report.
    this.#process = new Deno.Command(Deno.execPath(), {
      args,
      stdin: "piped",
      stdout: "piped",
      detached: true,
    })
      .spawn();
    this.#lines = readLines(this.#process.stdout);
    this.#writer = this.#process.stdin.getWriter();
  }

  /** Says that an archive is about to be replaced by that of a version. */
  async announce(version: number): Promise<void> {
    await this.#order(`announce ${version}`);
  }

  /** Asks what has been seen. */
  async report(): Promise<Report> {
    return JSON.parse(await this.#order("report"));
  }

  async #order(line: string): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    const { done, value } = await this.#lines.next();
    if (done) throw new Error("A process with clients has ended");
    return value;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    await this.#lines.return(undefined);
  }
}
