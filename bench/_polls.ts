import { cpuOf } from "./_cpu.ts";

/** Connections that poll at the same time. */
export const CONNECTIONS = 32;
const ROUND_MS = 1000;

/** Polls of one kind, and what was measured of them. */
export interface PollVariant {
  /** Port and process of the server. */
  port: number;
  pid: number;
  /** What is requested. */
  path: string;
  headers: Record<string, string>;
  /** Answers a second, a round each. */
  rates: number[];
  /** Processor time of the server for an answer, a round each: us. */
  costs: number[];
}

/** Polls for a second, on each connection again and again. */
export async function measureRound({ port, pid, path, headers, rates, costs }: PollVariant): Promise<void> {
  const lines = Object.entries({ host: "localhost", authorization: "sdk-e1", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const before = await cpuOf(pid);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--no-check",
      "-A",
      new URL("./_poll_client.ts", import.meta.url).pathname,
      `${port}`,
      `${CONNECTIONS}`,
      `${ROUND_MS}`,
      `GET ${path} HTTP/1.1\r\n${head}\r\n`,
    ],
  }).output();
  const answers = Number(new TextDecoder().decode(stdout));
  rates.push(answers / ROUND_MS * 1000);
  costs.push((await cpuOf(pid) - before) / answers * 1e6);
}

/** The middle one. */
export function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
