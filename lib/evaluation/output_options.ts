/** Who asks, which decides what flags are seen: clients with an environment ID, with a mobile key, or with an SDK key (all flags). */
export type Audience = "environmentId" | "mobile" | "server";

/** What clients get. */
export interface OutputOptions {
  /** Who asks. */
  audience: Audience;
  /** Whether evaluations say why; one that counts as an experiment's does in any case. */
  withReasons: boolean;
}
