import { writeArchive } from "../../lib/archive/mod.ts";
import { createHttpClient, type PullOptions, type Timing } from "../../lib/pull/mod.ts";

/** A relay key that must appear nowhere. */
export const KEY = "rel-0d8f2b4a-1111-4222-8333-444455556666";

/** An archive of one environment with a flag. */
export function makeArchive(on: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const env = {
    envID: "0123456789abcdef01234567",
    envKey: "production",
    envName: "Production",
    projKey: "line-control",
    projName: "Line control",
    sdkKey: { value: "sdk-11111111-2222-4333-8444-555566667777" },
    mobKey: "mob-11111111-2222-4333-8444-555566667777",
    defaultTtl: 0,
    secureMode: false,
    version: 1,
  };
  const flag = {
    key: "beta",
    version: 1,
    on,
    variations: [true, false],
    fallthrough: { variation: 0 },
    offVariation: 1,
    salt: "a",
  };
  return writeArchive([{
    id: env.envID,
    metadata: JSON.stringify({ env, dataId: `${on}` }),
    data: JSON.stringify({ flags: { beta: flag }, segments: {} }),
  }]);
}

/** Head of an answer, before what it carries. */
export function head(status: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\nConnection: close\r\n${lines.join("")}\r\n`;
}

/** An answer, in pieces: texts and bytes are sent; `stall` waits for the client to go away; `reset` breaks the connection off. */
export type Answer = readonly (string | Uint8Array | "stall" | "reset")[];

/** An answer with an archive. */
export function archiveAnswer(bytes: Uint8Array, headers: Record<string, string> = {}): Answer {
  return [head("200 OK", { "Content-Length": bytes.length, ...headers }), bytes];
}

/** A server that answers as told. */
export interface Server extends AsyncDisposable {
  url: URL;
  /** Requests so far: line and headers, as they came. */
  requests: string[];
}

/** Serves answers in order, the last one ever again. */
export function serveAnswers(...answers: readonly Answer[]): Server {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  async function answer(connection: Deno.TcpConn): Promise<void> {
    using _ = connection;
    const decoder = new TextDecoder();
    let request = "";
    const chunk = new Uint8Array(4096);
    while (!request.endsWith("\r\n\r\n")) {
      const read = await connection.read(chunk);
      if (read === null) return;
      request += decoder.decode(chunk.subarray(0, read));
    }
    const parts = answers[Math.min(requests.push(request), answers.length) - 1]!;
    for (const part of parts) {
      if (part === "reset") return;
      if (part === "stall") await connection.read(chunk);
      else {
        let rest = typeof part === "string" ? new TextEncoder().encode(part) : part;
        while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
      }
    }
  }
  async function acceptAll(): Promise<void> {
    const open: Promise<void>[] = [];
    for await (const connection of listener) open.push(answer(connection).catch(() => {}));
    await Promise.all(open);
  }
  const done = acceptAll();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    url: new URL(`http://127.0.0.1:${port}/relay/latest-all`),
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

/** A timing that never waits and keeps the pauses. Its time passes with them. */
export function makeTiming(stallTimeout = 60_000): Timing & { pauses: number[] } {
  const pauses: number[] = [];
  let time = 0;
  return {
    pauses,
    now: () => Date.UTC(2026, 0, 1) + time,
    uptime: () => time,
    sleep(ms) {
      pauses.push(ms);
      time += ms;
      return Promise.resolve();
    },
    random: () => 0.5,
    stallTimeout,
  };
}

/** A folder of its own with options for a download into it. */
export interface Setup extends AsyncDisposable {
  options: PullOptions & { timing: ReturnType<typeof makeTiming>; client: Deno.HttpClient };
  /** Aborts the download. */
  abort(): void;
  /** Names of the files in the folder, sorted. */
  list(): string[];
}

/** Prepares a download from a server. */
export async function prepare(url: URL, options: Partial<PullOptions> = {}): Promise<Setup> {
  const folder = await Deno.makeTempDir({ prefix: "halyard-" });
  const client = createHttpClient();
  const controller = new AbortController();
  return {
    options: {
      url,
      key: KEY,
      path: `${folder}/flags.tar.gz`,
      maxBytes: 1_000_000,
      client,
      signal: controller.signal,
      ...options,
      timing: makeTiming(options.timing?.stallTimeout),
    },
    abort: () => controller.abort(new Error("aborted by the test")),
    list: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      client.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
