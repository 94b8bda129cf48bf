import { readSshKey } from "../trust/mod.ts";
import { PullError } from "./pull_error.ts";

/** A key that signs. */
export interface SigningKey {
  /** Path of its file: the private key, or a public one whose private half ssh-agent has; or {@linkcode AGENT}. */
  path: string;
  /** The public key, as in a `.pub` file, where it is the one that ssh-agent has. */
  publicKey?: string;
  /** Its fingerprint, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** Whether nobody is there to type a passphrase. */
  isUnattended: boolean;
}

/** Options for a run of ssh-keygen. */
export interface RunOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** Called with a line that asks for something: the touch of a token. */
  onPrompt?: ((line: string) => void) | undefined;
}

/** In place of a path: the one key that ssh-agent has. */
export const AGENT = "agent";

/** Hint where the program is missing or too old. */
const INSTALL_HINT = "install OpenSSH 8.1 or newer, or sign on another host: docs/trust.md";

/** Hint where ssh-agent does not say which key. */
const AGENT_HINT = "add the key to ssh-agent with ssh-add, or name its public key: --sign-with FILE.pub";

const KEY_HINT = "check path, permissions, passphrase and token of the key, or add it to ssh-agent";

/** Hint where a passphrase is needed and nobody is asked. */
const UNATTENDED_HINT =
  "with --every nobody is asked for a passphrase: add the key to ssh-agent, or use one without";

/**
 * Opens a key: it can be read, and where nobody is there for a passphrase, it signs without one.
 *
 * @param path Path of its file, or {@linkcode AGENT}.
 * @param isUnattended Whether nobody is there.
 * @param options What ends it, and who is asked for a touch.
 * @returns The key.
 * @throws {PullError} When it cannot be used.
 */
export async function openSigningKey(
  path: string,
  isUnattended: boolean,
  options: RunOptions,
): Promise<SigningKey> {
  const key = { path, fingerprint: "", isUnattended };
  if (path === AGENT) return { ...key, ...await findAgentKey(key, options) };
  const [fingerprint] = /SHA256:\S+/.exec(await run(key, ["-l", "-E", "sha256", "-f", path], options)) ?? [];
  if (fingerprint === undefined) throw makeError(path, "ssh-keygen shows no fingerprint of it", KEY_HINT);
  // In a namespace of its own, this is good for nothing.
  if (isUnattended) await run(key, ["-Y", "sign", "-P", "", "-f", path, "-n", "halyard-test"], options);
  return { ...key, fingerprint };
}

/** Finds the one key that ssh-agent has. */
async function findAgentKey(
  key: SigningKey,
  options: RunOptions,
): Promise<Pick<SigningKey, "fingerprint" | "publicKey">> {
  const keys = (await run(key, ["-L"], options, "ssh-add")).trim().split("\n");
  if (keys.length !== 1) throw makeError(key.path, `ssh-agent has ${keys.length} keys`, AGENT_HINT);
  const [publicKey] = keys as [string];
  const [, base64 = ""] = publicKey.split(" ");
  try {
    const { fingerprint } = await readSshKey(Uint8Array.fromBase64(base64));
    return { fingerprint, publicKey };
  } catch (error) {
    throw makeError(key.path, (error as Error).message, "use a key that docs/trust.md names");
  }
}

/**
 * Signs bytes. ssh-keygen reads them from a file, since its standard input is for the passphrase: in a folder that nobody else can
 * write to, so that nothing else is signed.
 *
 * @param key The key. A passphrase is asked for on the terminal, or by SSH_ASKPASS.
 * @param namespace What it is signed for.
 * @param bytes The bytes.
 * @param options What ends it, and who is asked for a touch.
 * @returns The signature in armour.
 * @throws {PullError} When there is none.
 */
export async function signBytes(
  key: SigningKey,
  namespace: string,
  bytes: Uint8Array,
  options: RunOptions,
): Promise<string> {
  const passphrase = key.isUnattended ? ["-P", ""] : [];
  const folder = await Deno.makeTempDir({ prefix: "halyard-sign-" });
  const path = `${folder}/manifest.json`;
  const keyPath = key.publicKey === undefined ? key.path : `${path}.pub`;
  try {
    await Deno.writeFile(path, bytes);
    if (key.publicKey !== undefined) await Deno.writeTextFile(keyPath, `${key.publicKey}\n`);
    await run(key, ["-q", "-Y", "sign", ...passphrase, "-f", keyPath, "-n", namespace, "--", path], options);
    return await Deno.readTextFile(`${path}.sig`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw makeError(key.path, "ssh-keygen has written no signature", KEY_HINT);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** Runs it, and returns what it prints. Its standard input is the terminal, where it asks for a passphrase. */
async function run(
  key: SigningKey,
  args: string[],
  { signal, onPrompt }: RunOptions,
  program = "ssh-keygen",
): Promise<string> {
  const { path, isUnattended } = key;
  const stdin = isUnattended ? "null" : "inherit";
  const child = start(path, program, { args, stdin, stdout: "piped", stderr: "piped", signal });
  const output = new Response(child.stdout).text();
  const listening = listen(child.stderr, onPrompt);
  const { success } = await child.status;
  signal.throwIfAborted(); // Whoever still waits for a token may keep its outputs open.
  const said = await listening;
  if (success) return await output;
  if (program === "ssh-add") throw makeError(path, said || await output || "ssh-add has failed", AGENT_HINT);
  if (/(unknown|illegal|invalid) option/.test(said)) {
    throw makeError(path, "this ssh-keygen is older than OpenSSH 8.1", INSTALL_HINT);
  }
  const needsPassphrase = isUnattended && /passphrase/.test(said);
  throw makeError(path, said || "ssh-keygen has failed", needsPassphrase ? UNATTENDED_HINT : KEY_HINT);
}

function start(path: string, program: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(program, options).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw makeError(path, `${program} is not found`, INSTALL_HINT);
    }
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw makeError(path, `${program} may not be run`, "grant it with --allow-run=ssh-keygen,ssh-add");
  }
}

/** Collects what is said, in one line. Only what asks for something is handed on at once. */
async function listen(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onPrompt?: (line: string) => void,
): Promise<string> {
  const said: string[] = [];
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (/^Confirm /.test(line)) onPrompt?.(line);
      else if (!/^@|^$/.test(line)) said.push(line);
    }
  }
  return [...said, rest].filter(Boolean).map((line) => line.replace(/\.$/, "")).join("; ");
}

function makeError(path: string, problem: string, hint: string): PullError {
  return new PullError(`Cannot sign with "${path}": ${problem}`, { hint });
}
