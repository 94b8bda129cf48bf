/** Number of problems that are kept. */
const MAX_PROBLEMS = 10;

/** The first few problems of a process. All of them are counted elsewhere. */
export class Problems {
  /** What they were. */
  readonly texts: string[] = [];

  /** Keeps a text, if there are not many yet. */
  note(text: string): void {
    if (this.texts.length < MAX_PROBLEMS) this.texts.push(text);
  }
}
