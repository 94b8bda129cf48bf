import type { Settings } from "../config/mod.ts";
import type { Delivery } from "../delivery/mod.ts";
import type { Route } from "../http/mod.ts";
import type { Log, Meter } from "../observe/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Evaluations } from "./evaluations.ts";

/** A family of routes of the listeners that clients reach. */
export interface Surface {
  /** Its name: that of its folder. */
  name: string;
  /**
   * Creates its routes.
   *
   * @param services Services that they use.
   * @returns The routes.
   */
  routes(services: Services): Route[];
}

/** Services that the routes of all families share. */
export interface Services {
  /** Store of the environments that are served. */
  store: Store;
  /** Delivery that holds streams and sends documents. */
  delivery: Delivery;
  /** Evaluations of all families, so that their work takes turns. */
  evaluations: Evaluations;
  /** Log. */
  log: Log;
  /** Registry of metrics. */
  meter: Meter;
  /** Settings. */
  settings: Settings;
  /** Returns the current status of the relay. For requests only: while routes are created, there is no relay yet. */
  status(): RelayStatus;
}

/** Status of a relay as a whole, beyond that of its store. */
export interface RelayStatus {
  /** Halyard's version. */
  version: string;
  /** Whether it is shutting down. */
  isClosing: boolean;
  /** Status of the archive's file. */
  dataFile: DataFileStatus;
  /** Who vouches for what is served. */
  trust: TrustStatus;
  /** Number of evaluations that failed at a limit since the start, by environment ID; those without a failure are not in it. */
  evaluationLimitsReached: ReadonlyMap<string, number>;
}

/** Status of the archive's file. */
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
  /** Whether archives have to be signed, as configured. In mode `off`, there is nothing else. */
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
