/** Counter of connections by the address that they come from. */
export interface AddressCounter {
  /**
   * Counts a connection.
   *
   * @param address IP address.
   * @param refuse Called, now or soon, if the address has too many; the connection is not counted then.
   * @returns The counted connection: call `close` once when it has ended, refused or not.
   */
  open(address: string, refuse: () => void): CountedConnection;
}

/** A connection that is counted until it is closed. */
export interface CountedConnection {
  /** Ends counting it. */
  close(): void;
}

/**
 * Creates a counter with a limit.
 *
 * @param max Maximum number of connections from one address.
 * @returns The counter.
 */
export function createAddressCounter(max: number): AddressCounter {
  const counts = new Map<string, number>();
  return {
    open(address, refuse) {
      const count = counts.get(address) ?? 0;
      if (count >= max) {
        refuse();
        return { close() {} };
      }
      counts.set(address, count + 1);
      return {
        close() {
          const count = counts.get(address)! - 1;
          if (count > 0) counts.set(address, count);
          else counts.delete(address);
        },
      };
    },
  };
}
