import type { Settings } from "../config/mod.ts";
import type { Delivery } from "../delivery/mod.ts";
import type { Route } from "../http/mod.ts";
import type { DataFileStatus, Log, Meter, OverridesStatus, TrustStatus } from "../observe/mod.ts";
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
  /** Status of the overrides; absent where no file of overrides is configured. */
  overrides?: OverridesStatus;
  /** Number of evaluations that failed at a limit since the start, by environment ID; those without a failure are not in it. */
  evaluationLimitsReached: ReadonlyMap<string, number>;
}
