import type { Log } from "../observe/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { Store } from "../store/mod.ts";
import type { PaceLimits } from "./_pace.ts";
import type { Charge } from "./budget.ts";

/** Options for `Delivery`. Settings are those of the same names. */
export interface DeliveryOptions extends PaceLimits {
  /** Where environments and credentials are looked up. */
  store: Store;
  /** Takes what the person who looks for a fault wants to know. */
  log: Log;
  /** Memory for bytes that only one client gets: bytes. Each kind of credential has a third. */
  maxPayloadBytesInFlight: number;
  /** How many of each kind may wait for that memory. @default {1000} */
  maxWaiting?: number;
  /** How long each may wait: ms. @default {10_000} */
  maxWait?: number;
  /** Largest number of open streams. */
  maxStreams: number;
  /** Time between comments that keep idle streams open: ms, 0 for none. */
  heartbeatInterval: number;
  /** After how long a stream is closed, so that load spreads: ms (up to a tenth less, by chance), 0 for never. */
  maxClientConnectionTime: number;
  /** Longest delay of an update that makes clients poll: ms; each is spread over the upper half of it. 0 for none. */
  pingStreamJitterTime: number;
  /** Longest time between two looks for revoked and expired credentials: ms. Expiries that are known are met exactly. */
  expiredCredentialCleanupInterval: number;
  /** A number from 0 up to 1. @default {Math.random} */
  random?: () => number;
}

/** What a document belongs to. */
export interface DocumentOptions {
  /** Client-side ID of its environment. */
  environmentId: string;
  /** The version whose memory it is a view of, or made of. Absent for what was made for one client. */
  snapshot?: Snapshot;
  /** What it is charged to, if it was made for one client. */
  charge?: Charge;
}
