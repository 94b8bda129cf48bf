import type { FileContent } from "../source/mod.ts";

/** Content that may be loaded. */
export interface Admitted {
  /**
   * Remembers that it is served from now on: called when it has been prepared, before any client gets it.
   *
   * @throws {TransientError} When it must not be served, since that failed.
   */
  commit(): Promise<void>;
  /** Forgets it: it could not be loaded. */
  discard(): Promise<void>;
}

/** Decides whether the content of a file may be loaded. */
export interface Gate {
  /**
   * Decides about some content.
   *
   * @param content The content, with its companions.
   * @returns What is to be done when it has been prepared.
   * @throws {LoadError} When it is refused; an `IncompleteError` when parts of it may still be on their way.
   * @throws {TransientError} When that could not be found out.
   */
  admit(content: FileContent): Promise<Admitted>;
}
