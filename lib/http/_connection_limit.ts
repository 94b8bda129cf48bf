import type { Socket } from "node:net";
import type { Log } from "../observe/mod.ts";
import type { AddressCounter } from "./address_counter.ts";

/** Time during which further refused connections are counted before the next log line: ms. */
const COUNT_TIME = 60_000;

/**
 * Creates the function that closes connections of addresses that have too many, and says so once a minute.
 *
 * @param counter Counts them.
 * @param log Log of the refused ones.
 * @returns Function to call with each new connection.
 */
export function limitConnections(counter: AddressCounter, log: Log): (socket: Socket) => void {
  let refused = 0;
  let loggedAt = -Infinity;

  function noteRefused(address: string): void {
    refused++;
    const now = performance.now();
    if (now - loggedAt < COUNT_TIME) return;
    log.warn("Closed connections: their address has as many as MAX_CONNECTIONS_PER_ADDRESS allows", {
      address,
      count: refused,
    });
    refused = 0;
    loggedAt = now;
  }

  return (socket) => {
    const address = socket.remoteAddress;
    if (address === undefined) return;
    const counted = counter.open(address, () => {
      socket.destroy();
      noteRefused(address);
    });
    socket.once("close", () => counted.close());
  };
}
