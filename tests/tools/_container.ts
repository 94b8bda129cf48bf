import { assert, assertEquals } from "@std/assert";
import { makeRootfs } from "../../tools/rootfs.ts";

/** Network and mounts of their own, in which only loopback is up; then a script. */
const NAMESPACES = ["--net", "--mount", "sh", "-ec", 'ip link set lo up; eval "$0"'];

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The file system of `tools/rootfs.ts` as a container runtime would run it, without one: it is all that programs see but
 * for `/proc` and a folder at `/ldr`, nothing can be written to, there is no network but loopback. Needs root.
 */
export class Container implements AsyncDisposable {
  readonly #root: string;
  /** Keeps the namespaces, until its input ends. */
  readonly #holder: Deno.ChildProcess;

  private constructor(root: string, holder: Deno.ChildProcess) {
    this.#root = root;
    this.#holder = holder;
  }

  /** Tells why there can be none here, if so. */
  static async findObstacle(): Promise<string | undefined> {
    if (Deno.build.os !== "linux") return "not on Linux";
    if (Deno.uid() !== 0) return "not root";
    const { success } = await new Deno.Command("unshare", { args: [...NAMESPACES, "true"], stderr: "null" })
      .output();
    return success ? undefined : "no namespaces, or no ip command";
  }

  /** Makes one of an executable and a folder for `/ldr`. */
  static async create(executable: string, folder: string): Promise<Container> {
    const root = await Deno.makeTempDir({ prefix: "halyard-rootfs-" });
    const tar = new Deno.Command("tar", { args: ["-xpf", "-", "-C", root], stdin: "piped" }).spawn();
    await (await makeRootfs(executable)).pipeTo(tar.stdin);
    assert((await tar.status).success);
    // A temporary directory is its maker's alone.
    for (const path of [root, folder]) await Deno.chmod(path, 0o755);
    const script = `
      mount --bind ${root} ${root}
      mount --bind ${folder} ${root}/ldr
      mount -t proc proc ${root}/proc
      mount -o remount,bind,ro ${root}/ldr
      mount -o remount,bind,ro ${root}
      echo ready; exec cat`;
    const holder = new Deno.Command("unshare", {
      args: [...NAMESPACES, script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = holder.stdout.getReader();
    assertEquals(new TextDecoder().decode((await output.read()).value), "ready\n");
    output.releaseLock();
    return new Container(root, holder);
  }

  /** A program of the container's, with nothing in its environment but `PATH`, as runtimes set it, and what is given. */
  command(command: string[], user: string, env: Record<string, string>): Deno.Command {
    const chroot = ["chroot", `--userspec=${user}`, "--groups=", this.#root];
    const args = ["--net", "--mount", "setpriv", "--no-new-privs", ...chroot, ...command];
    return this.#enter(args, { clearEnv: true, env: { PATH, ...env }, stdout: "piped" });
  }

  /** Runs a script in the container's network, but with the host's files. */
  async evaluate(script: string): Promise<string> {
    const { stdout } = await this.#enter(["--net", Deno.execPath(), "eval", script], {}).output();
    return new TextDecoder().decode(stdout);
  }

  #enter(args: string[], options: Deno.CommandOptions): Deno.Command {
    return new Deno.Command("nsenter", { args: ["--target", `${this.#holder.pid}`, ...args], ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.stdin.close();
    await this.#holder.stdout.cancel();
    await this.#holder.status;
    await Deno.remove(this.#root, { recursive: true });
  }
}
