/**
 * Stand-in for `@std/tar` where no JSR is reached: the names that Halyard uses, with the same results.
 *
 * @module
 */
import { createTarDecoder, createTarPacker, type ParsedTarEntry } from "modern-tar";

/** Longest path without a folder in it: bytes. The room that a ustar header has. */
const MAX_PATH_BYTES = 100;

/** A file to be written. */
export interface TarStreamInput {
  /** Always a file. */
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

/** Metadata of a file. */
export interface TarStreamOptions {
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

/** Writes a tar: files in, bytes out. */
export class TarStream implements TransformStream<TarStreamInput, Uint8Array<ArrayBuffer>> {
  /** The tar. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the files. */
  readonly writable: WritableStream<TarStreamInput>;

  /** Makes the pair. */
  constructor() {
    const { readable, controller } = createTarPacker();
    this.readable = readable;
    this.writable = new WritableStream({
      async write({ path, size, readable, options }) {
        if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
          const error = new RangeError(
            `Cannot write tar: path "${path}" has more than ${MAX_PATH_BYTES} bytes`,
          );
          controller.error(error);
          throw error;
        }
        const mtime = new Date(options?.mtime === undefined ? Date.now() : options.mtime * 1000);
        await readable.pipeTo(controller.add({ name: path, size, mtime }));
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
  /** Takes the tar. */
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
