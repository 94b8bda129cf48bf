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
