import { deserializePoll, init, type LDOptions } from "@launchdarkly/node-server-sdk";

/** What `allFlagsState` says about one flag. */
export interface OracleResult {
  value: unknown;
  variation?: number;
  version: number;
  reason: Record<string, unknown>;
  trackEvents?: boolean;
  trackReason?: boolean;
  debugEventsUntilDate?: number;
  prerequisites?: string[];
}

/** LaunchDarkly's own evaluator over a set of flags and segments. */
export interface Oracle {
  /** Evaluates all flags for a context, reasons included. */
  evaluateAll(context: unknown): Promise<Record<string, OracleResult>>;
  /** The same as JSON text, as an application would send it. */
  evaluateText(context: unknown, withReasons: boolean): Promise<string>;
  /** Stops the client. */
  close(): void;
}

interface DataSourceUpdates {
  init(data: unknown, done: () => void): void;
}

const SILENT = { error() {}, warn() {}, info() {}, debug() {} };

/** Starts a server-side SDK that has its data from `text` (`{"flags", "segments"}`) and speaks to nobody. */
export async function startOracle(text: string): Promise<Oracle> {
  function feed(_context: unknown, updates: DataSourceUpdates, done: () => void) {
    return {
      start() {
        const data = deserializePoll(text)!;
        updates.init({ features: data.flags, segments: data.segments }, done);
      },
      stop() {},
      close() {},
    };
  }
  const options = { updateProcessor: feed, sendEvents: false, logger: SILENT } as unknown as LDOptions;
  const client = init("sdk-oracle", options);
  await client.waitForInitialization({ timeout: 5 });
  return {
    async evaluateAll(context) {
      const state = await client.allFlagsState(context as never, { withReasons: true });
      // Through JSON, as it goes over the wire: an absent rule ID must not show as undefined.
      const json = JSON.parse(JSON.stringify(state.toJSON()));
      const results: Record<string, OracleResult> = {};
      for (const [key, metadata] of Object.entries(json.$flagsState)) {
        results[key] = { value: json[key] ?? null, ...metadata as Omit<OracleResult, "value"> };
      }
      return results;
    },
    async evaluateText(context, withReasons) {
      return JSON.stringify((await client.allFlagsState(context as never, { withReasons })).toJSON());
    },
    close() {
      client.close();
    },
  };
}
