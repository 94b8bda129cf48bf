/**
 * Stage at which configuration failed: the `options` of the command line; the `file`, read and checked on its own; the
 * `environment`, added to it; or the `relay`, for which nothing is configured.
 */
export type SettingsStage = "options" | "file" | "environment" | "relay";

/** A fault of the configuration. */
export interface Problem {
  /** Message, in the Relay Proxy's words where it has them. Never a secret. */
  message: string;
  /** Hint. */
  hint?: string;
}

/** Error: invalid configuration. */
export class SettingsError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "SettingsError";
  /** Stage at which it failed. */
  readonly stage: SettingsStage;
  /** All faults found, at least one. */
  readonly problems: readonly Problem[];
  /** Hints of all faults, in one line. */
  readonly hint: string;

  /**
   * Makes an error of all faults.
   *
   * @param stage Stage at which it failed.
   * @param problems The faults.
   * @param prefix Beginning of the message.
   */
  constructor(stage: SettingsStage, problems: readonly Problem[], prefix = "") {
    super(prefix + problems.map(({ message }) => message).join(", "));
    this.stage = stage;
    this.problems = problems;
    this.hint = problems.flatMap(({ hint }) => hint ?? []).join("; ") ||
      "--help describes each setting";
  }
}
