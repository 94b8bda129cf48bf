import { parseDuration, readCommandLine, SETTINGS_FLAGS } from "../config/mod.ts";
import {
  createHttpClient,
  describeFinding,
  findProxy,
  follow,
  INSTANCES,
  openSigningKey,
  parseRelayKey,
  pull,
  type Pulled,
  type PulledArchive,
  PullError,
  type PullOptions,
  readKeyFile,
  resolveArchiveUrl,
  type SigningOptions,
} from "../pull/mod.ts";
import { formatUtc } from "../trust/mod.ts";
import { DownloadProgress } from "./_download_progress.ts";
import { readRelease, RELEASE_FLAGS } from "./_release_flags.ts";
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
1 where the server says no or the archive is not good, 2 where nobody answers or it cannot be signed.

With --sign-with, ssh-keygen signs a manifest of the archive: FILE.manifest.json and FILE.manifest.json.sig are replaced just
before FILE. An archive that has not changed is signed anew when a new release would be good for twice as long as the rest of
the last one, or its key, site or numbers are to be others. docs/trust.md has the whole way.`,
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
    "sign-with": {
      value: "KEY|agent",
      help:
        "Sign it with this private key, or with the one of this public key that ssh-agent has; agent is the one key that it has.",
    },
    ...RELEASE_FLAGS,
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
    const signing = await readSigning(args, interval !== undefined, stop.signal, terminal);
    const options: PullOptions = {
      ...{ url, key, path, client, proxy, signing },
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
      async onPulled(pulled) {
        await progress.clear();
        const { archive, release } = pulled;
        if (isJson && (archive || release)) terminal.print(`${JSON.stringify(toJson(path, pulled))}\n`);
        else if (!isJson && (archive || release || hasFailed)) printPulled(terminal, path, pulled);
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

/** Reads how the archive is to be signed, and opens the key: a key that is none should not cost a download. */
async function readSigning(
  args: Args,
  isUnattended: boolean,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<SigningOptions | undefined> {
  const path = args.values.get("sign-with");
  const flags = Object.keys(RELEASE_FLAGS);
  if (path === undefined) {
    const alone = flags.find((flag) => args.values.has(flag));
    if (alone === undefined) return undefined;
    throw new UsageError(
      `--${alone} is of no use without --sign-with`,
      "add --sign-with KEY, or leave it out",
    );
  }
  if (isUnattended && args.values.has("release")) {
    throw new UsageError(
      "--release is for one download",
      "leave it out: with --every the number rises by itself",
    );
  }
  const release = readRelease(args, ["audience", "not-after"]);
  const onPrompt = (line: string) => terminal.printError(`${line}\n`);
  const key = await openSigningKey(path, isUnattended, { signal, onPrompt });
  return { ...release, key, onPrompt };
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
    const pulled = await pull(options);
    await progress.clear();
    if (isJson) printJson(terminal, toJson(options.path, pulled));
    else printPulled(terminal, options.path, pulled);
    return 0;
  } catch (error) {
    await progress.clear();
    if (!(error instanceof PullError && error.isRefusal)) throw error;
    printError(terminal, error);
    return 1;
  }
}

function printPulled(terminal: Terminal, path: string, { archive, release }: Pulled): void {
  if (archive) printArchive(terminal, path, archive);
  else terminal.print(`${path} has not changed\n`);
  if (!release) return;
  const { version, epoch, audience, notAfter, signer } = release;
  const number = `${version}${epoch === 0 ? "" : ` of epoch ${epoch}`}`;
  terminal.print(`signed as release ${number} for ${audience}, good until ${formatUtc(notAfter)}\n`);
  terminal.print(`signed by ${signer}\n`);
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
function toJson(path: string, { archive, release }: Pulled): Record<string, unknown> {
  return {
    path,
    changed: archive !== undefined,
    ...archive && archiveToJson(archive),
    ...release && { release: { ...release, notAfter: formatUtc(release.notAfter) } },
  };
}

function archiveToJson(
  { size, digest: sha256, environments, findings }: PulledArchive,
): Record<string, unknown> {
  return { size, sha256, environments, warnings: countWarnings(findings) };
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
