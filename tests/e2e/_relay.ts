import { assertStringIncludes } from "@std/assert";
import { environmentVariables } from "../../lib/config/mod.ts";

/** What a run may touch; docs/deploy.md gives these flags to people. */
export interface RelayOptions {
  /** Environment variables besides `PORT`; none of Halyard's own is inherited. */
  env: Record<string, string>;
  /** Command line after `main.ts`. @default {["--from-env"]} */
  args?: string[];
  /** Permission flags. @default {{@linkcode FROM_SOURCE}} */
  permissions?: readonly string[] | undefined;
  /** Program to run. @default {"main.ts"} */
  script?: string;
  /** Command that runs it, as `["sh", "-c", 'exec "$0" "$@"']` would. @default {none} */
  wrapper?: string[];
  /** Port to listen on. @default {a free one} */
  port?: number;
}

/** Permissions of a run from source, for what the executable is not built for: another Unix socket. */
export const FROM_SOURCE: readonly string[] = ["--allow-all", "--unstable-net"];

/** A relay running as a process of its own. */
export interface RelayProcess extends AsyncDisposable {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Its port. */
  readonly port: number;
  /** Its process ID. */
  readonly pid: number;
  /** What it has written so far, both outputs, line by line. */
  readonly lines: string[];
  /** Those of the lines that went to standard error. */
  readonly errors: string[];
  /** Waits for a line that contains `text` among those written after the last line that was waited for. */
  waitFor(text: string): Promise<string>;
  /** How it ended, once it has. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal and waits for the end. */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** How long a relay may take to say what a test waits for: ms. */
const WAIT_MS = 20_000;

/** A port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

/**
 * The command that runs Halyard: with the same `@std` as these tests or, when `HALYARD_BINARY` names an executable, that one
 * (its permissions are built in, so tests that ask for others run the source all the same).
 */
export function halyardCommand(
  { env, args = ["--from-env"], permissions, script = "main.ts", wrapper = [] }: RelayOptions,
): Deno.Command {
  const root = new URL("../../", import.meta.url);
  const standIns = import.meta.resolve("@std/assert").startsWith("file:");
  const importMap = standIns ? ["--import-map=tools/std/import_map.json"] : [];
  // Deno may need a proxy or a certificate to fetch packages into an empty cache. Not Halyard's own, nor what Halyard warns of;
  // with coverage, V8 would stop a thread that is out of memory for an inspector that never comes.
  const own = [...environmentVariables(), "DENO_COVERAGE_DIR", "DENO_JOBS"].map((name) =>
    new RegExp(`^${name.replace("*", ".*")}$`)
  );
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !own.some((pattern) => pattern.test(name))
  );
  const allowed = permissions ?? FROM_SOURCE;
  const flags = ["--quiet", "--no-prompt", "--no-lock", ...importMap, ...allowed];
  const binary = script === "main.ts" && !permissions ? Deno.env.get("HALYARD_BINARY") : undefined;
  const halyard = binary ? [binary] : [Deno.execPath(), "run", ...flags, script];
  const [program, ...programArgs] = [...wrapper, ...halyard, ...args];
  return new Deno.Command(program!, {
    args: programArgs,
    cwd: root,
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Starts a relay and waits until it writes a line with `text`: until it listens, unless told otherwise. */
export async function startRelay(options: RelayOptions, text = "Listening on"): Promise<RelayProcess> {
  const port = options.port ?? freePort();
  const process = halyardCommand({ ...options, env: { PORT: String(port), ...options.env } }).spawn();
  const lines: string[] = [];
  const errors: string[] = [];
  let read = 0;
  let wake = Promise.withResolvers<void>();
  function rouse(): void {
    wake.resolve();
    wake = Promise.withResolvers();
  }
  async function collect(stream: ReadableStream<Uint8Array>, ...places: string[][]): Promise<void> {
    let rest = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      for (const place of places) place.push(...parts);
      rouse();
    }
  }
  const collected = Promise.all([collect(process.stdout, lines), collect(process.stderr, lines, errors)]);
  let hasEnded = false;
  const status = process.status.finally(() => hasEnded = true);
  async function waitFor(text: string): Promise<string> {
    const deadline = AbortSignal.timeout(WAIT_MS);
    deadline.onabort = rouse;
    while (true) {
      for (; read < lines.length; read++) {
        if (lines[read]!.includes(text)) return lines[read++]!;
      }
      if (hasEnded || deadline.aborted) {
        throw new Error(
          `The relay ended, or ${WAIT_MS} ms passed, without it saying "${text}":\n${lines.join("\n")}`,
        );
      }
      await Promise.race([wake.promise, status]);
      if (hasEnded) await collected;
    }
  }
  const ended = Promise.all([status, collected]).then(([result]) => result);
  async function stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!hasEnded) process.kill(signal);
    return await ended;
  }
  const relay: RelayProcess = {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: process.pid,
    lines,
    errors,
    waitFor,
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop("SIGKILL");
    },
  };
  await waitFor(text);
  return relay;
}

/**
 * Sends a request whose body never ends, which holds up the end of the relay for its grace period.
 *
 * @returns Its connection, once the request is in flight: the server says "100 Continue" when it begins to read the body.
 */
export async function openEndlessRequest({ port }: RelayProcess): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head =
    "POST /bulk HTTP/1.1\r\nHost: x\r\nAuthorization: sdk-e1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
  await connection.write(new TextEncoder().encode(head));
  const answer = new Uint8Array(100);
  const length = await connection.read(answer);
  assertStringIncludes(new TextDecoder().decode(answer.subarray(0, length ?? 0)), "100 Continue");
  return connection;
}
