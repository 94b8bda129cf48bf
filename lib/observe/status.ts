/** Status of a file whose content is served: that of the archive, or of overrides. */
export interface DataFileStatus {
  /** Path as configured. */
  path: string;
  /** SHA-256 of the content that is served: lower-case hex. Absent while nothing has been loaded. */
  digest?: string;
  /** Time at which that content was loaded: ms since epoch. Absent while nothing has been loaded. */
  loadedAt?: number;
  /** Error that keeps newer content from being served. Absent when the newest is served. */
  lastError?: {
    /** Message of the error. */
    message: string;
    /** Time of the error: ms since epoch. */
    time: number;
  };
  /** Whether what is served is the last known good archive, from the state directory. Absent when it is not. */
  isLastKnownGood?: true;
}

/** Who vouches for what is served. Times are ms since epoch. */
export interface TrustStatus {
  /** Whether files have to be signed, as configured. */
  mode: "off" | "warn" | "require";
  /** Who has signed what is served: names by the allowed_signers file, and the key's name. */
  signers?: { principals?: string; fingerprint: string }[];
  /** Release that is served. */
  version?: number;
  /** How often versions have begun anew. */
  epoch?: number;
  /** Site that it is for. */
  audience?: string;
  /** When it was made. */
  created?: number;
  /** Until when it is meant to be used. */
  notAfter?: number;
  /** Whether that time, or the age that is allowed, is over. */
  stale?: boolean;
  /** Text for people. */
  sourceNote?: string;
  /** What is wrong with what is served, or with how the relay is set up. Absent: nothing. */
  problems?: string[];
}

/** Status of the overrides. */
export interface OverridesStatus extends DataFileStatus {
  /** What the file has, by environment ID. */
  environments: Readonly<Record<string, OverriddenEnvironment>>;
  /** Who vouches for it. Absent where that is not asked. */
  trust?: TrustStatus;
}

/** What the file of overrides has for an environment. */
export interface OverriddenEnvironment {
  /** Keys of flags. */
  flags: readonly string[];
  /** Keys of segments. */
  segments: readonly string[];
  /** Time from which it does not hold any more: ms since epoch. Absent: never. */
  until?: number;
  /** Whether it is in effect: it has not expired, and there is data of the environment. */
  isApplied: boolean;
}
