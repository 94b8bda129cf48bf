/**
 * Where configuration failed: the `options` of the command line; the `file`, read and checked on its own; the
 * `environment`, added to it; or the `relay`, for which nothing is configured.
 */
export type SettingsStage = "options" | "file" | "environment" | "relay";

/** One thing that is wrong. */
export interface Problem {
  /** What, in the Relay Proxy's words where it has them. Never a secret. */
  message: string;
  /** What to do. */
  hint?: string;
}

/** The configuration cannot be used. */
export class SettingsError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "SettingsError";
  /** Where it failed. */
  readonly stage: SettingsStage;
  /** Everything that is wrong, as far as it could be told. At least one. */
  readonly problems: readonly Problem[];
  /** What to do, all of it in one line. */
  readonly hint: string;

  /**
   * Makes an error of all that is wrong.
   *
   * @param stage Where it failed.
   * @param problems What is wrong.
   * @param prefix What stands before all of it in the message.
   */
  constructor(stage: SettingsStage, problems: readonly Problem[], prefix = "") {
    super(prefix + problems.map(({ message }) => message).join(", "));
    this.stage = stage;
    this.problems = problems;
    this.hint = problems.flatMap(({ hint }) => hint ?? []).join("; ") ||
      "--help tells how each setting is written";
  }
}
