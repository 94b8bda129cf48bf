import { Delivery, type DeliveryOptions } from "../../lib/delivery/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeLog } from "../_environments.ts";

const NEVER = 2 ** 30;

/** A delivery in which nothing happens by itself unless the options say so. */
export function makeDelivery(store: Store, options: Partial<DeliveryOptions> = {}): Delivery {
  return new Delivery({
    store,
    log: makeLog(),
    maxPayloadBytesInFlight: 3_000_000,
    maxStreams: 100,
    heartbeatInterval: 0,
    pingStreamJitterTime: 0,
    maxClientConnectionTime: 0,
    expiredCredentialCleanupInterval: NEVER,
    clientWriteMinBytesPerSecond: 0,
    clientWriteSlack: NEVER,
    clientWriteMaxTime: 0,
    ...options,
  });
}

/** Takes all the room that there is. */
export const HUGE = { make: () => {}, measure: () => NEVER, finish: () => {} };
