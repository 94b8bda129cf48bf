import type { Log, Meter } from "../observe/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { Store } from "../store/mod.ts";
import type { PaceLimits } from "./_pace.ts";
import type { Charge } from "./budget.ts";

/** Options for {@linkcode Delivery}. Settings are those of the same names. */
export interface DeliveryOptions extends PaceLimits {
  /** Store in which environments and credentials are looked up. */
  store: Store;
  /** Log for the operator. */
  log: Log;
  /** Registry of metrics. @default {NO_METER} */
  meter?: Meter;
  /** Memory for bytes that only one client gets: bytes. Each kind of credential has a third. */
  maxPayloadBytesInFlight: number;
  /** Maximum number of requests of each kind that wait for that memory. @default {1000} */
  maxWaiting?: number;
  /** Maximum wait of each: ms. @default {10_000} */
  maxWait?: number;
  /** Maximum number of open streams. */
  maxStreams: number;
  /** Counter of open streams, where other threads have some too. @default {one of this delivery alone} */
  streamCounter?: StreamCounter;
  /** Time between comments that keep idle streams open: ms, 0 for none. */
  heartbeatInterval: number;
  /** Lifetime of a stream, after which it is closed so that load spreads: ms (up to a tenth less, by chance), 0 for no limit. */
  maxClientConnectionTime: number;
  /** Maximum delay of an update that makes clients poll: ms; each is spread over the upper half of it. 0 for none. */
  pingStreamJitterTime: number;
  /** Maximum time between two checks for revoked and expired credentials: ms. Known expiries are met exactly. */
  expiredCredentialCleanupInterval: number;
  /** Returns a random number from 0 up to 1. @default {Math.random} */
  random?: () => number;
}

/** Counter of the open streams of all threads. */
export interface StreamCounter {
  /** Sets the number of those of this thread. */
  set(count: number): void;
  /** Number of all. */
  readonly total: number;
}

/** Options for {@linkcode Delivery.send}. */
export interface DocumentOptions {
  /** Client-side ID of its environment. */
  environmentId: string;
  /** Version whose memory the document is a view of, or was created from. Absent for a document for one client. */
  snapshot?: Snapshot;
  /** Charge of a document for one client. */
  charge?: Charge;
}
