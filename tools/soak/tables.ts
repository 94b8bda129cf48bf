import type { RequestReport } from "./request_client.ts";
import type { StreamReport } from "./stream_client.ts";
import { percentile } from "./statistics.ts";

/** What all clients have seen. */
export interface Seen {
  /** Streams. */
  streams: StreamReport;
  /** Requests. */
  requests: RequestReport;
}

/** Adds up what several processes have seen. A version is with all streams when it is with those of each process. */
export function mergeStreams(reports: StreamReport[]): StreamReport {
  return reports.reduce((one, other) => ({
    open: one.open + other.open,
    updates: one.updates + other.updates,
    lost: one.lost + other.lost,
    skipped: one.skipped + other.skipped,
    wrong: one.wrong + other.wrong,
    disconnects: one.disconnects + other.disconnects,
    left: one.left + other.left,
    slowRead: one.slowRead + other.slowRead,
    slowCut: one.slowCut + other.slowCut,
    pending: one.pending + other.pending,
    delays: [...one.delays, ...other.delays],
    problems: [...one.problems, ...other.problems],
  }));
}

/** Counts what must not happen. */
export function countErrors({ streams, requests }: Seen): number {
  return streams.lost + streams.wrong + streams.disconnects + requests.errors + requests.wrong;
}

/** A row of how it stands. */
export function describeRun({ streams, requests }: Seen): Record<string, string | number> {
  return {
    "streams open": streams.open,
    updates: streams.updates,
    lost: streams.lost,
    wrong: streams.wrong + requests.wrong,
    disconnects: streams.disconnects,
    requests: requests.requests,
    "request errors": requests.errors,
  };
}

/**
 * Lists everything that was counted and measured.
 *
 * @param reloads Number of reloads.
 * @param reload Time between two: seconds.
 * @param seen What clients have seen.
 * @returns A row for each number.
 */
export function describeAll(reloads: number, reload: number, seen: Seen): Record<string, string | number>[] {
  const { streams, requests } = seen;
  const delays = streams.delays.toSorted((a, b) => a - b);
  const counted = {
    reloads,
    ...describeRun(seen),
    "updates superseded": streams.skipped,
    "streams left and opened again": streams.left,
    "slow readers: read to the end": streams.slowRead,
    "slow readers: cut off by the relay": streams.slowCut,
    "request p50, ms": requests.p50.toFixed(1),
    "request p99, ms": requests.p99.toFixed(1),
    "reload to the last stream p50, ms": percentile(delays, 0.5).toFixed(0),
    "reload to the last stream p99, ms": percentile(delays, 0.99).toFixed(0),
    "reloads that came late to a stream": delays.filter((delay) => delay > reload * 1000).length,
    "reload to the last stream at most, ms": percentile(delays, 1).toFixed(0),
  };
  return Object.entries(counted).map(([what, value]) => ({ what, value }));
}
