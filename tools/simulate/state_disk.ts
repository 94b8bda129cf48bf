import type { StateFileSystem } from "../../lib/load/mod.ts";

/** Decides what survives a power failure. */
export interface Chance {
  /** Returns whether something happens that has a probability of `p`. */
  chance(p: number): boolean;
}

/** A file: what is read from it, and what is on the disk for sure. */
interface File {
  bytes: Uint8Array;
  synced: Uint8Array;
}

/** A directory: what is in it, and what is on the disk for sure. */
interface Directory {
  entries: Map<string, Node>;
  synced: Map<string, Node>;
}

type Node = File | Directory;

/** Error: the process was killed. No call after it has any effect. */
export class Killed extends Error {}

/**
 * A file system for a state directory. The process that uses it can be killed at any call, with or without a power failure: then
 * each file and each entry of a directory that was not synced is lost or not, one by one.
 */
export class StateDisk implements StateFileSystem {
  /** Number of calls so far. */
  calls = 0;
  /** Number of the call at which the process is killed, before it has any effect. */
  killAt = Infinity;
  /** Number of a call that throws an error, without effect. */
  failure: { at: number; error: Error } | undefined;
  readonly #root: Directory = { entries: new Map(), synced: new Map() };
  readonly #locks = new Set<Node>();

  /** Starts another process: after a power failure if `chance` is given, else after a mere kill. */
  restart(chance?: Chance): void {
    this.killAt = Infinity;
    this.#locks.clear();
    if (chance) lose(this.#root, chance);
  }

  /** See `Deno.lstat`. */
  readonly lstat = async (path: string | URL): Promise<Deno.FileInfo> => {
    await this.#call();
    const node = this.#get(path);
    const isFile = "bytes" in node;
    return { isFile, isDirectory: !isFile, size: isFile ? node.bytes.length : 0 } as Deno.FileInfo;
  };

  /** See `Deno.mkdir`. */
  readonly mkdir = async (path: string | URL): Promise<void> => {
    await this.#call();
    const [parent, name] = this.#getParent(path);
    if (parent.entries.has(name)) throw new Deno.errors.AlreadyExists("File exists (os error 17)");
    parent.entries.set(name, { entries: new Map(), synced: new Map() });
  };

  /** See `Deno.open`. */
  readonly open = async (path: string | URL, options: Deno.OpenOptions = {}): Promise<Deno.FsFile> => {
    await this.#call();
    const [parent, name] = this.#getParent(path);
    if (options.create && !parent.entries.has(name)) {
      parent.entries.set(name, { bytes: new Uint8Array(), synced: new Uint8Array() });
    }
    const node = this.#get(path);
    if (options.truncate && "bytes" in node) node.bytes = new Uint8Array();
    return this.#toFile(node);
  };

  /** See `Deno.readDir`. */
  readonly readDir = (path: string | URL): AsyncIterable<Deno.DirEntry> => {
    const list = async (): Promise<Deno.DirEntry[]> => {
      await this.#call();
      const { entries } = this.#get(path) as Directory;
      return [...entries.keys()].map((name) => ({ name } as Deno.DirEntry));
    };
    return (async function* () {
      yield* await list();
    })();
  };

  /** See `Deno.remove`. Entries go one by one, so that a kill leaves part of them. */
  readonly remove = async (path: string | URL): Promise<void> => {
    await this.#call();
    const node = this.#get(path);
    if ("entries" in node) {
      for (const name of [...node.entries.keys()]) await this.remove(`${path}/${name}`);
    }
    const [parent, name] = this.#getParent(path);
    parent.entries.delete(name);
  };

  /** See `Deno.rename`. */
  readonly rename = async (from: string | URL, to: string | URL): Promise<void> => {
    await this.#call();
    const node = this.#get(from);
    const [source, name] = this.#getParent(from);
    const [target, newName] = this.#getParent(to);
    source.entries.delete(name);
    target.entries.set(newName, node);
  };

  #toFile(node: Node): Deno.FsFile {
    let at = 0;
    const file = {
      write: async (bytes: Uint8Array): Promise<number> => {
        await this.#call();
        // A write may be short.
        const part = bytes.subarray(0, Math.max(1, Math.ceil(bytes.length / 2)));
        (node as File).bytes = Uint8Array.from([...(node as File).bytes, ...part]);
        return part.length;
      },
      read: async (buffer: Uint8Array): Promise<number | null> => {
        await this.#call();
        const part = (node as File).bytes.subarray(at, at += buffer.length);
        buffer.set(part);
        return part.length || null;
      },
      sync: async (): Promise<void> => {
        await this.#call();
        if ("bytes" in node) node.synced = node.bytes;
        else node.synced = new Map(node.entries);
      },
      tryLock: async (): Promise<boolean> => {
        await this.#call();
        if (this.#locks.has(node)) return false;
        this.#locks.add(node);
        return true;
      },
      close: () => void this.#locks.delete(node),
      [Symbol.dispose]() {},
    };
    return file as unknown as Deno.FsFile;
  }

  async #call(): Promise<void> {
    await Promise.resolve();
    if (++this.calls >= this.killAt) throw new Killed("killed");
    if (this.calls === this.failure?.at) throw this.failure.error;
  }

  #get(path: string | URL): Node {
    const names = `${path}`.split("/").filter(Boolean);
    let node: Node | undefined = this.#root;
    for (const name of names) node = node && "entries" in node ? node.entries.get(name) : undefined;
    if (!node) throw Object.assign(new Deno.errors.NotFound("No such file (os error 2)"), { code: "ENOENT" });
    return node;
  }

  #getParent(path: string | URL): [directory: Directory, name: string] {
    const [, parent = "", name = ""] = /^(.*)\/([^/]+)$/.exec(`${path}`) ?? [];
    return [this.#get(parent) as Directory, name];
  }
}

/** Loses what was not synced, or part of it. */
function lose(directory: Directory, chance: Chance): void {
  const names = new Set([...directory.entries.keys(), ...directory.synced.keys()]);
  const left = new Map<string, Node>();
  for (const name of names) {
    const [now, before] = [directory.entries.get(name), directory.synced.get(name)];
    const node = now === before || chance.chance(0.5) ? now : before;
    if (node) left.set(name, node);
  }
  directory.entries = left;
  directory.synced = new Map(left);
  for (const node of left.values()) {
    if ("entries" in node) lose(node, chance);
    else if (node.bytes !== node.synced && chance.chance(0.5)) node.bytes = node.synced;
    if ("bytes" in node) node.synced = node.bytes;
  }
}
