/** How the running program came about. */
export interface BuildInfo {
  /**
   * The commit that it was built from: abbreviated hash, with `-dirty` when there were changes on top; `checkout` when it
   * runs from source; `unknown` when it was built outside a Git repository.
   */
  commit: string;
  /** When that was made, as RFC 3339 has it: a clock that shows an earlier time is wrong. */
  date: string;
  /** What is inside: the `@std` packages from JSR, or the stand-ins over npm packages. */
  std: "jsr" | "npm";
  /** Path of the one Unix socket that its permissions are for, in an executable. */
  unixSocket?: string;
  /** Path of the one state directory that its permissions are for, in an executable. */
  stateDirectory?: string;
}

/** How this program came about. A module of its own because `tools/bundle.ts` replaces it: there, the answer is fixed. */
export const BUILD_INFO: BuildInfo = {
  commit: "checkout",
  date: "2026-11-26T00:00:00Z",
  std: import.meta.resolve("@std/tar").startsWith("jsr:") ? "jsr" : "npm",
};
