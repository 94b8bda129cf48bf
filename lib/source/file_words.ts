/** Words for a file in messages: what it is, and what to do about it. */
export interface FileWords {
  /** What it is, inside a sentence. */
  name: string;
  /** The same at the beginning of one. */
  title: string;
  /** Hint where there is no such file. */
  missing: string;
  /** Hint where it is a directory or a device. */
  notAFile: string;
  /** Hint where it is too large. */
  tooBig: string;
}

/** Words for the archive. */
export const ARCHIVE_WORDS: FileWords = {
  name: "data file",
  title: "Data file",
  missing: "put the archive there before Halyard starts, or correct FILE_DATA_SOURCE or [OfflineMode] " +
    "fileDataSource",
  notAFile: "name the archive itself",
  tooBig:
    "check that it is the archive, or raise the limit: MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize",
};

/** Words for the file of overrides. */
export const OVERRIDES_WORDS: FileWords = {
  name: "overrides file",
  title: "Overrides file",
  missing: "put the file there, or correct OVERRIDES_FILE or [Overrides] file",
  notAFile: "name the file of overrides itself in OVERRIDES_FILE or [Overrides] file",
  tooBig: "keep only the flags and segments in it that must differ from the archive now",
};

/** Words for a file that belongs to one of these, such as a signature. */
export const COMPANION_WORDS: FileWords = {
  name: "file",
  title: "File",
  missing: "put the file there",
  notAFile: "put a file there",
  tooBig: "check that it is that file",
};
