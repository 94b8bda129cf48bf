import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { type ParsedArgs, readCommandLine, SETTINGS_FLAGS } from "../config/mod.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./parse_args.ts";
import { readSettings } from "./settings.ts";
import { printFailure, type Terminal } from "./terminal.ts";

/** Longest time that `halyard health` waits for an answer. Container probes give up after some seconds too. @limit ms: exit code 1 */
const TIMEOUT = 5_000;

/** Longest answer that `halyard health` prints. The real one has a few hundred bytes. @limit characters: the rest is cut off */
const MAX_ANSWER_LENGTH = 64 * 1024;

/** The command `health`: for hosts and containers without a shell or curl. */
export const HEALTH: Command = {
  name: "health",
  summary: "asks a running relay whether it is ready",
  usage: "",
  arity: [0, 0],
  details:
    "Prints the relay's answer. The exit code is 0 when it is ready, else 1, as container probes expect.",
  example: "health --url http://relay:8030",
  flags: {
    ...SETTINGS_FLAGS,
    url: { value: "URL", help: "The relay to ask. Without it, the one on this host." },
  },
  usageExitCode: 1,
  run: health,
};

/** Prints the answer of the relay that `--url` names or, without it, that these settings would start on this host. */
async function health(args: ParsedArgs, terminal: Terminal): Promise<number> {
  const url = args.values.get("url");
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--url cannot be "${url}"`, "write it as http://host:8030");
  }
  const origins = url === undefined ? localOrigins(args) : [url];
  const failures: [url: string, reason: string][] = [];
  for (const origin of origins) {
    const url = new URL("/health/ready", origin);
    try {
      const { status, body } = await get(url);
      printAnswer(terminal, body);
      return status === 200 ? 0 : 1;
    } catch (error) {
      failures.push([url.href, (error as Error).message]);
    }
  }
  for (const [url, reason] of failures) terminal.printError(`Error: ${url} does not answer: ${reason}\n`);
  terminal.printError("hint: is the relay running, and is this its port? --url names another\n");
  return 1;
}

/** Probes read the exit code: a full disk under their log does not make the relay unready. */
function printAnswer(terminal: Terminal, body: string): void {
  try {
    terminal.print(`${body}\n`);
  } catch (error) {
    printFailure(terminal, error);
  }
}

/** Origins of a relay with these settings on this host. */
function localOrigins(args: ParsedArgs): string[] {
  const { port, bindAddress, tls } = readSettings(readCommandLine(args), false).settings;
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
