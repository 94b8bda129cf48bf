import { parseDuration, readCommandLine, SETTINGS_FLAGS } from "../config/mod.ts";
import {
  createHttpClient,
  describeFinding,
  findProxy,
  follow,
  INSTANCES,
  parseRelayKey,
  pull,
  type PulledArchive,
  PullError,
  type PullOptions,
  readKeyFile,
  resolveArchiveUrl,
} from "../pull/mod.ts";
import { DownloadProgress } from "./_download_progress.ts";
import type { Args, Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { UsageError } from "./parse_args.ts";
import { readProcessEnv, readSettings } from "./settings.ts";
import { printTable } from "./table.ts";
import { describeFailure, formatFailure, type Terminal } from "./terminal.ts";

/** Shortest interval of `--every`. LaunchDarkly's servers, and those of others, have more to do. @limit ms: a shorter one is refused */
const MIN_INTERVAL = 1_000;

/** Longest interval of `--every`: a day. Who wants more has a timer of the system for it. @limit ms: a longer one is refused */
const MAX_INTERVAL = 86_400_000;

/** The command `pull`. */
export const PULL: Command = {
  name: "pull",
  summary: "downloads an archive and checks it; only a good one replaces FILE",
  usage: "-o FILE",
  arity: [0, 0],
  details:
    `The relay key is in the file of --key-file, else in AUTO_CONFIG_KEY or in key of [AutoConfig]. A proxy is named by
HTTPS_PROXY, hosts that need none by NO_PROXY. The exit code is 0 for a download and for an archive that has not changed,
1 where the server says no or the archive is not good, 2 where nobody answers.`,
  example: "pull --key-file relay.key -o flags.tar.gz",
  flags: {
    ...SETTINGS_FLAGS,
    output: { value: "FILE", short: "o", help: "The file that the archive becomes." },
    "key-file": { value: "PATH", help: "File whose first line is the relay key." },
    instance: {
      value: "NAME",
      choices: Object.keys(INSTANCES),
      help: "LaunchDarkly's instance: us (without it), federal or eu.",
    },
    "base-uri": {
      value: "URL",
      help:
        "Any other server: /relay/latest-all below this URL, or the URL itself if it ends in .tar.gz, .tgz or .tar.",
    },
    "ca-file": { value: "PATH", help: "Certificates (PEM) of CAs to trust besides the public ones." },
    "if-changed": {
      help: "Leave FILE alone if the archive has not changed. FILE.etag keeps the server's entity tag.",
    },
    every: {
      value: "DURATION",
      help: "Download it whenever it has changed, at this interval (60s, 5m), until SIGINT or SIGTERM.",
    },
    ...jsonFlag("pull"),
  },
  async run(args, terminal) {
    const path = readOutput(args);
    const interval = readInterval(args);
    const url = readUrl(args);
    const { settings } = readSettings(readCommandLine(args), false);
    const key = readKey(args, settings.autoConfigKey, terminal);
    const proxy = findProxy(url, readProcessEnv());
    using client = createHttpClient(args.values.get("ca-file"));
    using stop = listenForStop();
    const progress = new DownloadProgress(terminal);
    const options: PullOptions = {
      ...{ url, key, path, client, proxy },
      ifChanged: args.switches.has("if-changed"),
      maxBytes: settings.maxArchiveSize,
      signal: stop.signal,
      onProgress: (state) => progress.show(state),
      async onRetry({ message }, pause) {
        await progress.clear();
        terminal.printError(`${message}; trying again in ${Math.ceil(pause / 1_000)} s\n`);
      },
    };
    const isJson = args.switches.has("json");
    if (interval === undefined) return await pullOnce({ ...options, isJson, progress }, terminal);
    let hasFailed = false;
    await follow({
      ...options,
      interval,
      async onPulled(archive) {
        await progress.clear();
        if (archive && isJson) terminal.print(`${JSON.stringify(toJson(path, archive))}\n`);
        else if (archive) printArchive(terminal, path, archive);
        else if (hasFailed && !isJson) terminal.print(`${path} has not changed\n`);
        hasFailed = false;
      },
      async onFailed(error) {
        await progress.clear();
        printError(terminal, error);
        hasFailed = true;
      },
    });
    return 0;
  },
};

function readOutput({ values }: Args): string {
  const path = values.get("output");
  if (!path) throw new UsageError("pull needs --output", "write pull -o FILE");
  return path;
}

function readUrl({ values }: Args): URL {
  const [instance, base] = [values.get("instance"), values.get("base-uri")];
  if (instance !== undefined && base !== undefined) {
    throw new UsageError("--instance and --base-uri name two servers", "leave one of them out");
  }
  return resolveArchiveUrl(base ?? INSTANCES[(instance ?? "us") as keyof typeof INSTANCES]);
}

function readInterval({ values }: Args): number | undefined {
  const text = values.get("every");
  if (text === undefined) return undefined;
  const interval = parseDuration(text);
  if (interval === undefined || interval < MIN_INTERVAL || interval > MAX_INTERVAL) {
    throw new UsageError(`--every cannot be "${text}"`, "write it as 60s or 5m; it is from 1s to 24h");
  }
  return interval;
}

function readKey({ values }: Args, configured: string | undefined, terminal: Terminal): string | undefined {
  const path = values.get("key-file");
  if (path === undefined) {
    return configured === undefined
      ? undefined
      : parseRelayKey(configured, "AUTO_CONFIG_KEY or [AutoConfig]");
  }
  const { key, warning } = readKeyFile(path);
  if (warning !== undefined) terminal.printError(`warning: ${warning}\n`);
  return key;
}

async function pullOnce(
  { isJson, progress, ...options }: PullOptions & { isJson: boolean; progress: DownloadProgress },
  terminal: Terminal,
): Promise<number> {
  try {
    const archive = await pull(options);
    await progress.clear();
    if (isJson) printJson(terminal, toJson(options.path, archive));
    else if (archive) printArchive(terminal, options.path, archive);
    else terminal.print(`${options.path} has not changed\n`);
    return 0;
  } catch (error) {
    await progress.clear();
    if (!(error instanceof PullError && error.isRefusal)) throw error;
    printError(terminal, error);
    return 1;
  }
}

function printArchive(
  terminal: Terminal,
  path: string,
  { size, digest, environments, findings }: PulledArchive,
): void {
  terminal.print(`${path}: ${size.toLocaleString("en")} bytes, SHA-256 ${digest}\n`);
  printTable(terminal, [
    ["ID", "ENVIRONMENT", "FLAGS", "SEGMENTS"],
    ...environments.map((
      { id, projectKey, key, flags, segments },
    ) => [id, `${projectKey}/${key}`, `${flags}`, `${segments}`]),
  ], 2);
  const warnings = countWarnings(findings);
  if (warnings > 0) terminal.printError(`warning: ${warnings} in ${path}: the command check lists them\n`);
}

/** Describes a download for machines. */
function toJson(path: string, archive: PulledArchive | undefined): Record<string, unknown> {
  if (!archive) return { path, changed: false };
  const { size, digest: sha256, environments, findings } = archive;
  return { path, changed: true, size, sha256, environments, warnings: countWarnings(findings) };
}

function countWarnings(findings: PulledArchive["findings"]): number {
  return findings.filter(({ severity }) => severity === "warning").length;
}

/** Prints why a download failed: of an archive that is not good all of it. */
function printError(terminal: Terminal, error: Error): void {
  terminal.printError(formatFailure(describeFailure(error)));
  const [, ...others] = error instanceof PullError
    ? error.findings.filter(({ severity }) => severity === "error")
    : [];
  for (const other of others) terminal.printError(`Error: ${describeFinding(other)}\n`);
}

/** Listens for signals to stop, until it is disposed. */
function listenForStop(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  // Without SIGHUP, a terminal that is closed would leave half a file.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  function stop(): void {
    controller.abort(new PullError("Cannot finish the download: a signal has stopped it"));
  }
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}
