/** A file of a folder cannot become part of an archive; nothing is packed. */
export class FolderError extends SyntaxError {
  /** Set so that stack traces show it. */
  override readonly name = "FolderError";
  /** Name of the file. */
  readonly file: string;
  /** Always true: the folder is no good, whoever asks. */
  readonly isRefusal = true;
  /** Hint for the person who wrote it, if there is one. */
  readonly hint: string | undefined;

  /**
   * Creates the error of one file.
   *
   * @param file Name of the file.
   * @param problem Reason, as the rest of the sentence that begins "Cannot pack".
   * @param hint What to do about it. @default {what is wrong says what to do}
   */
  constructor(file: string, problem: string, hint?: string) {
    super(`Cannot pack "${file}": ${problem}`);
    this.file = file;
    this.hint = hint;
  }
}
