/** OpenSSH's `ssh-keygen` in a folder of its own, as signer and as oracle. */
export class SshKeygen implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  readonly #env: Record<string, string>;

  constructor(env: Record<string, string> = {}) {
    this.#env = env;
  }

  /** Runs it, and gives what it has printed. */
  async run(args: string[], stdin = new Uint8Array()): Promise<{ success: boolean; output: string }> {
    const command = new Deno.Command("ssh-keygen", {
      args,
      cwd: this.folder,
      env: this.#env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    await using child = command.spawn();
    const writer = child.stdin.getWriter();
    await writer.write(stdin).then(() => writer.close()).catch(() => {}); // it may end before it has read all
    const { success, stdout, stderr } = await child.output();
    return { success, output: new TextDecoder().decode(success ? stdout : stderr) };
  }

  async #must(args: string[], stdin?: Uint8Array<ArrayBuffer>): Promise<string> {
    const { success, output } = await this.run(args, stdin);
    if (!success) throw new Error(output);
    return output;
  }

  /** Makes a key, and gives its line for allowed_signers without principals. */
  async makeKey(name: string, ...args: string[]): Promise<string> {
    await this.#must(["-q", "-N", "", "-C", "", "-f", name, ...args]);
    return (await Deno.readTextFile(`${this.folder}/${name}.pub`)).trim();
  }

  /** Signs with a key. */
  sign(
    name: string,
    message: Uint8Array<ArrayBuffer>,
    { namespace = "halyard-archive", hash = "sha512" } = {},
  ): Promise<string> {
    return this.#must(["-Y", "sign", "-f", name, "-n", namespace, "-O", `hashalg=${hash}`], message);
  }

  /** A key's fingerprint. */
  async fingerprint(name: string): Promise<string> {
    return (await this.#must(["-l", "-f", `${name}.pub`])).split(" ")[1]!;
  }

  /** A public key in PEM. */
  pem(name: string): Promise<string> {
    return this.#must(["-e", "-m", "PKCS8", "-f", `${name}.pub`]);
  }

  /** Has an authority certify a key for `a@b`, and makes the key sign as `${name}-cert`. */
  async certify(authority: string, name: string): Promise<void> {
    await this.#must(["-q", "-s", authority, "-I", "id", "-n", "a@b", `${name}.pub`]);
    await Deno.copyFile(`${this.folder}/${name}`, `${this.folder}/${name}-cert`);
  }

  /** Whether OpenSSH accepts a signature of `a@b` by these lines, now or at a time (ms since 1970, whole seconds). */
  async verifies(
    allowedSigners: string,
    signature: string,
    message: Uint8Array<ArrayBuffer>,
    now = Date.now(),
  ): Promise<boolean> {
    await Deno.writeTextFile(`${this.folder}/allowed`, allowedSigners);
    await Deno.writeTextFile(`${this.folder}/signature`, signature);
    const args = ["-Y", "verify", "-f", "allowed", "-I", "a@b", "-n", "halyard-archive", "-s", "signature"];
    args.push("-O", `verify-time=${new Date(now).toISOString().replaceAll(/\.\d+|[-:T]/g, "")}`);
    return (await this.run(args, message)).success;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
