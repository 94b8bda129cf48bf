/** How the running program came about. */
export interface BuildInfo {
  /**
   * The commit that it was built from: abbreviated hash, with `-dirty` when there were changes on top; `checkout` when it
   * runs from source; `unknown` when it was built outside a Git repository.
   */
  commit: string;
  /** What is inside: the `@std` packages from JSR, or the stand-ins over npm packages. */
  std: "jsr" | "npm";
  /** Path of the one Unix socket that its permissions are for, in an executable. */
  unixSocket?: string;
}

/** How this program came about. A module of its own because `tools/bundle.ts` replaces it: there, the answer is fixed. */
export const BUILD_INFO: BuildInfo = {
  commit: "checkout",
  std: import.meta.resolve("@std/tar").startsWith("jsr:") ? "jsr" : "npm",
};
