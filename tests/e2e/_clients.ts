import { init as init9 } from "@launchdarkly/node-server-sdk";
import ld7 from "launchdarkly-node-server-sdk";

/** What both generations of the SDK have in common, as far as these tests use it. */
export interface Client {
  waitForInitialization(options: { timeout: number }): Promise<unknown>;
  initialized(): boolean;
  variation(key: string, context: { kind: string; key: string }, fallback: unknown): Promise<unknown>;
  close(): void | Promise<void>;
}

/** An SDK in one of its modes. */
export interface Sdk {
  /** For test names. */
  name: string;
  /** Whether it is known to leave timers behind: version 7 goes on with a reconnect that it has begun, also when closed. */
  leavesTimers: boolean;
  /** Connects to a relay. */
  connect(url: string, key: string): Client;
}

function quietLogger() {
  return { debug() {}, info() {}, warn() {}, error() {} };
}

function sdk(name: string, init: (key: string, options: never) => unknown, stream: boolean): Sdk {
  return {
    name: `${name} ${stream ? "streaming" : "polling"}`,
    leavesTimers: name.endsWith("7"),
    connect(url, key) {
      const options = { stream, baseUri: url, streamUri: url, eventsUri: url, logger: quietLogger() };
      return init(key, options as never) as Client;
    },
  };
}

/** LaunchDarkly's server SDKs, each streaming and polling. */
export const SDKS: Sdk[] = [
  sdk("node-server-sdk 9", init9, true),
  sdk("node-server-sdk 9", init9, false),
  sdk("node-server-sdk 7", ld7.init, true),
  sdk("node-server-sdk 7", ld7.init, false),
];

/**
 * Runs something with long waits cut to a hundredth: SDKs poll every 30 s and accept no shorter interval. Waits below 20 s
 * stay as they are.
 */
export async function withShortWaits(run: () => Promise<void>): Promise<void> {
  const { setTimeout, setInterval } = globalThis;
  function shorten(delay = 0): number {
    return delay >= 20_000 ? delay / 100 : delay;
  }
  Object.assign(globalThis, {
    setTimeout: (handler: () => void, delay?: number) => setTimeout(handler, shorten(delay)),
    setInterval: (handler: () => void, delay?: number) => setInterval(handler, shorten(delay)),
  });
  try {
    await run();
  } finally {
    Object.assign(globalThis, { setTimeout, setInterval });
  }
}

/** Context of server SDKs. */
export const USER = { kind: "user", key: "u" };

/**
 * Waits until each SDK's own store gives `value` for the flag "changing". (SDKs tell of changes by event, but not of a rollback to
 * lower versions.)
 */
export async function waitForValue(clients: Client[], value: unknown, key = "changing"): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  for (const client of clients) {
    while (await client.variation(key, USER, undefined) !== value) {
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
