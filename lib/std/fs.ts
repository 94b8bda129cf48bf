/**
 * Stand-in for `@std/fs` where no JSR is reached: the names that Halyard uses, with the same results.
 *
 * @module
 */

/**
 * Makes sure that a directory exists, with its parents.
 *
 * @param dir Its path.
 * @throws {Error} If something else is there.
 */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Error("Failed to ensure directory exists: expected 'dir', got something else", {
      cause: error,
    });
  }
}

/**
 * Makes sure that a directory exists and is empty.
 *
 * @param dir Its path.
 */
export async function emptyDir(dir: string): Promise<void> {
  await ensureDir(dir);
  for await (const { name } of Deno.readDir(dir)) await Deno.remove(`${dir}/${name}`, { recursive: true });
}

/**
 * Tells whether a path leads to something.
 *
 * @param path The path; links are followed.
 * @returns `false` if there is nothing.
 */
export async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
