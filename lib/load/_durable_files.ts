import { DamageError } from "./_state_record.ts";

/** The calls that a state directory makes to the file system: those of `Deno`. */
export type StateFileSystem = Pick<typeof Deno, "lstat" | "mkdir" | "open" | "readDir" | "remove" | "rename">;

/** Writes a file, and returns once its content survives a power failure. Its name does after {@linkcode syncDirectory}. */
export async function writeFile(fs: StateFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  using file = await fs.open(path, { create: true, write: true, truncate: true, mode: 0o600 });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** Reads a file of at most so many bytes; throws a {@linkcode DamageError} for any other thing. */
export async function readFile(
  fs: StateFileSystem,
  path: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { isFile, size } = await fs.lstat(path);
  if (!isFile || size > maxBytes) throw new DamageError(`not a file of at most ${maxBytes} bytes`);
  using file = await fs.open(path);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) return bytes.subarray(0, at);
    at += count;
  }
  return bytes;
}

/** Has a directory's entries survive a power failure. Windows has no such call, and keeps them in a journal. */
export async function syncDirectory(fs: StateFileSystem, path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await fs.open(path);
  await directory.sync();
}

/** Removes a file or a folder, if it is there. */
export async function removeAll(fs: StateFileSystem, path: string): Promise<void> {
  await fs.remove(path, { recursive: true }).catch(ignore(Deno.errors.NotFound));
}

/** Makes a function that throws all errors but those of some types. */
export function ignore(...types: (new () => Error)[]): (error: unknown) => void {
  return (error) => {
    if (!types.some((type) => error instanceof type)) throw error;
  };
}
