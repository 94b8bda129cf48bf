/**
 * Stand-in for `@std/tar` where no JSR is reached: the names that Halyard uses, with the same results.
 *
 * @module
 */
import { createTarDecoder, createTarPacker, type ParsedTarEntry } from "modern-tar";

/** Longest path without a folder in it: bytes. The room that a ustar header has. */
const MAX_PATH_BYTES = 100;

/** Entry to write. */
export type TarStreamInput = TarStreamFile | TarStreamDir | TarStreamSymlink;

/** A file to be written. */
export interface TarStreamFile {
  /** Type of the entry. */
  type: "file";
  /** Its path: at most 100 bytes. */
  path: string;
  /** Its length: bytes. */
  size: number;
  /** Its content. */
  readable: ReadableStream<Uint8Array>;
  /** Its metadata. */
  options?: TarStreamOptions;
}

/** A folder to be written. */
export interface TarStreamDir {
  /** Type of the entry. */
  type: "directory";
  /** Its path: at most 100 bytes. */
  path: string;
  /** Its metadata. */
  options?: TarStreamOptions;
}

/** A symbolic link to be written. */
export interface TarStreamSymlink {
  /** Type of the entry. */
  type: "symlink";
  /** Its path: at most 100 bytes. */
  path: string;
  /** The path that it leads to: at most 100 bytes. */
  linkname: string;
  /** Its metadata. */
  options?: TarStreamOptions;
}

/** Metadata of an entry that is written. */
export interface TarStreamOptions {
  /** Permissions. 0o644 for a file if absent. */
  mode?: number;
  /** Time of change: seconds since epoch. Now if absent. */
  mtime?: number;
}

/** An entry that was read. */
export interface TarStreamEntry {
  /** Its path. */
  path: string;
  /** Its content, if it is a file. It must be read or cancelled before the next entry comes. */
  readable?: ReadableStream<Uint8Array>;
}

/** Writes a tar: entries in, bytes out. */
export class TarStream implements TransformStream<TarStreamInput, Uint8Array<ArrayBuffer>> {
  /** The tar. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Writable side: entries. */
  readonly writable: WritableStream<TarStreamInput>;

  /** Makes the pair. */
  constructor() {
    const { readable, controller } = createTarPacker();
    this.readable = readable;
    this.writable = new WritableStream({
      async write(input) {
        const { type, path, options } = input;
        if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
          const error = new RangeError(
            `Cannot write tar: path "${path}" has more than ${MAX_PATH_BYTES} bytes`,
          );
          controller.error(error);
          throw error;
        }
        const entry = controller.add({
          name: path,
          type,
          size: type === "file" ? input.size : 0,
          mtime: new Date(options?.mtime === undefined ? Date.now() : options.mtime * 1000),
          ...options?.mode !== undefined && { mode: options.mode },
          ...type === "symlink" && { linkname: input.linkname },
        });
        if (type === "file") await input.readable.pipeTo(entry);
        else await entry.close();
      },
      close: () => controller.finalize(),
      abort: (reason) => controller.error(reason),
    });
  }
}

/** Reads a tar: bytes in, entries out. */
export class UntarStream implements TransformStream<Uint8Array, TarStreamEntry> {
  /** The entries. */
  readonly readable: ReadableStream<TarStreamEntry>;
  /** Writable side: the tar's bytes. */
  readonly writable: WritableStream<Uint8Array>;

  /** Makes the pair. */
  constructor() {
    const { readable, writable } = createTarDecoder({ strict: true });
    this.writable = writable;
    this.readable = readable.pipeThrough(
      new TransformStream<ParsedTarEntry, TarStreamEntry>({
        transform({ header, body }, controller) {
          const { name: path, type } = header;
          controller.enqueue(type === "file" ? { path, readable: body } : { path });
        },
      }),
    );
  }
}
