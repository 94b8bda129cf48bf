import type { Proxy } from "./proxy.ts";
import type { SigningOptions } from "./signing.ts";
import type { Timing } from "./timing.ts";

/** Progress of a download. */
export interface Progress {
  /** Length of what has come: bytes. */
  length: number;
  /** Length of the archive: bytes. Absent: the server did not say. */
  total?: number;
}

/** Options for {@linkcode pull}. */
export interface PullOptions {
  /** URL of the archive: {@linkcode resolveArchiveUrl}. */
  url: URL;
  /** Relay key; absent: none is sent. A secret. */
  key?: string | undefined;
  /** Path of the file that the archive becomes. */
  path: string;
  /** Largest archive: bytes. */
  maxBytes: number;
  /** Whether an archive that is there already is left alone. @default {false} */
  ifChanged?: boolean;
  /** How the archive is signed. @default {not at all} */
  signing?: SigningOptions | undefined;
  /** Client that connects. */
  client: Deno.HttpClient;
  /** Proxy that it uses, for messages. */
  proxy?: Proxy | undefined;
  /** Ends it. */
  signal: AbortSignal;
  /** Called while the archive comes. */
  onProgress?(progress: Progress): void;
  /**
   * Called before another try.
   *
   * @param error Why the one before failed.
   * @param pause Pause until then: ms.
   */
  onRetry?(error: Error, pause: number): void | Promise<void>;
  /** Time and chance. @default {MACHINE_TIMING} */
  timing?: Timing;
}
