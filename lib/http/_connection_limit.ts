import type { Socket } from "node:net";
import type { Log } from "../observe/mod.ts";

/** Time during which further refused connections are counted before the next log line: ms. */
const COUNT_TIME = 60_000;

/** Limit on the connections that come from one address. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #log: Log;
  readonly #open = new Map<string, number>();
  #refused = 0;
  #loggedAt = -Infinity;

  /**
   * Creates a limit; nobody is connected yet.
   *
   * @param max Maximum number of connections from one address; 0 for no limit.
   * @param log Log of the refused ones.
   */
  constructor(max: number, log: Log) {
    this.#max = max;
    this.#log = log;
  }

  /**
   * Counts a connection until it is closed; closes it if there are too many of its address.
   *
   * @param socket The connection.
   * @returns Whether it is admitted.
   */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress;
    if (this.#max === 0 || address === undefined) return true;
    const count = this.#open.get(address) ?? 0;
    if (count >= this.#max) {
      socket.destroy();
      this.#noteRefused();
      return false;
    }
    this.#open.set(address, count + 1);
    socket.once("close", () => this.#release(address));
    return true;
  }

  #release(address: string): void {
    const count = this.#open.get(address)!;
    if (count > 1) this.#open.set(address, count - 1);
    else this.#open.delete(address);
  }

  #noteRefused(): void {
    this.#refused++;
    const now = performance.now();
    if (now - this.#loggedAt < COUNT_TIME) return;
    this.#log.warn("Closed connections: their address has as many as MAX_CONNECTIONS_PER_ADDRESS allows", {
      count: this.#refused,
      limit: this.#max,
    });
    this.#refused = 0;
    this.#loggedAt = now;
  }
}
