import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { CommandLine } from "../config/mod.ts";
import { readSettings } from "./serve.ts";
import type { Terminal } from "./terminal.ts";

/** Longest time that `halyard health` waits for an answer. Container probes give up after some seconds too. @limit ms: exit code 1 */
const TIMEOUT = 5_000;

/** Longest answer that `halyard health` prints. The real one has a few hundred bytes. @limit characters: the rest is cut off */
const MAX_ANSWER_LENGTH = 64 * 1024;

/**
 * Asks a running relay whether it is ready, and prints its answer. For hosts and containers without a shell or curl.
 *
 * @param commandLine `--url` names the relay; without it, the one that these settings would start, on this host.
 * @param terminal Where the answer goes.
 * @returns 0 when it is ready, 1 when it is not or does not answer.
 */
export async function health(commandLine: CommandLine, terminal: Terminal): Promise<number> {
  const origins = commandLine.url ? [commandLine.url] : localOrigins(commandLine);
  const failures: [url: string, reason: string][] = [];
  for (const origin of origins) {
    const url = new URL("/health/ready", origin);
    try {
      const { status, body } = await get(url);
      terminal.print(`${body}\n`);
      return status === 200 ? 0 : 1;
    } catch (error) {
      failures.push([url.href, (error as Error).message]);
    }
  }
  for (const [url, reason] of failures) terminal.printError(`Error: ${url} does not answer: ${reason}\n`);
  terminal.printError("hint: is the relay running, and is this its port? --url names another\n");
  return 1;
}

/** Where a relay with these settings listens on this host. */
function localOrigins(commandLine: CommandLine): string[] {
  const { port, bindAddress, tls } = readSettings(commandLine, false).settings;
  // Addresses rather than "localhost", which a container without /etc/hosts could not look up.
  const local: Record<string, string[]> = { "::": ["127.0.0.1", "::1"], "0.0.0.0": ["127.0.0.1"] };
  return (local[bindAddress] ?? [bindAddress]).map((host) =>
    `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`
  );
}

/** The certificate is not checked: it names the host that clients use, not `localhost`, and nothing secret is sent. */
function get(url: URL): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(url, { rejectUnauthorized: false, agent: false, timeout: TIMEOUT }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => body = (body + text).slice(0, MAX_ANSWER_LENGTH));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    request.on("error", reject);
    request.end();
  });
}
