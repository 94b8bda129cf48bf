import { formatLabel, type MetricState, type OverridesStatus } from "./observe/mod.ts";
import type { RelayStatus } from "./routes/mod.ts";
import type { Store } from "./store/mod.ts";

/** A relay, for {@linkcode describeRelay}. */
export interface DescribedRelay {
  /** Its status. */
  status: RelayStatus;
  /** Store of what it serves. */
  store: Store;
  /** Memory that the process may use: bytes; `Infinity` for no limit. */
  memoryLimit: number;
}

/**
 * Describes how a relay stands, in metrics.
 *
 * @param relay The relay.
 * @returns The metrics; each has its one value of this moment, so that no series of an old one is left.
 */
export function describeRelay({ status, store, memoryLimit }: DescribedRelay): MetricState[] {
  const { version, dataFile, trust, overrides, evaluationLimitsReached } = status;
  const { digest = "", loadedAt, lastError, isLastKnownGood } = dataFile;
  const { created, notAfter, stale, problems = [] } = trust;
  const states = { current: 0, previous: 0, none: 0 };
  for (const { snapshot, fault } of store.environments) {
    states[fault === undefined ? "current" : snapshot ? "previous" : "none"]++;
  }
  const limitsReached = [...evaluationLimitsReached.values()].reduce((sum, count) => sum + count, 0);
  return [
    gauge("halyard_build_info", "Version of Halyard", { [`version="${version}"`]: 1 }),
    gauge("halyard_ready", "Whether an archive has been loaded and the relay is not shutting down", {
      "": store.ready && !status.isClosing ? 1 : 0,
    }),
    gauge("halyard_data_info", "SHA-256 of the archive that is served: 1, or 0 while none has been loaded", {
      [`digest="${digest}"`]: digest ? 1 : 0,
    }),
    gauge("halyard_data_age_seconds", "Time since the archive that is served was loaded: s", {
      "": loadedAt === undefined ? 0 : Math.max(0, Date.now() - loadedAt) / 1000,
    }),
    gauge("halyard_data_failing", "Whether a newer archive could not be read or loaded", {
      "": lastError ? 1 : 0,
    }),
    gauge(
      "halyard_data_last_known_good",
      "Whether the last known good archive is served, not the data file's",
      {
        "": isLastKnownGood ? 1 : 0,
      },
    ),
    gauge("halyard_release_version", "Version of the signed release that is served", ifSigned(trust.version)),
    gauge("halyard_release_epoch", "How often versions of releases have begun anew", ifSigned(trust.epoch)),
    gauge(
      "halyard_release_age_seconds",
      "Time since the signed release that is served was made: s",
      ifSigned(created === undefined ? undefined : (Date.now() - created) / 1000),
    ),
    gauge(
      "halyard_release_not_after_seconds",
      "Until when the signed release that is served is meant to be used: s since epoch",
      ifSigned(notAfter === undefined ? undefined : notAfter / 1000),
    ),
    gauge(
      "halyard_release_stale",
      "Whether the signed release that is served is too old",
      ifSigned(stale === undefined ? undefined : Number(stale)),
    ),
    gauge("halyard_trust_problems", "What is wrong with the trust in what is served: as many as in /status", {
      "": problems.length,
    }),
    gauge("halyard_environments", "Environments by what they serve: current, previous or no data", {
      'data="current"': states.current,
      'data="previous"': states.previous,
      'data="none"': states.none,
    }),
    ...overrides ? describeOverrides(overrides) : [],
    {
      ...gauge("halyard_evaluation_limits_reached_total", "Evaluations that failed at a limit", {
        "": limitsReached,
      }),
      type: "counter",
    },
    gauge("halyard_memory_bytes", "Resident memory of the process: bytes", { "": Deno.memoryUsage().rss }),
    gauge("halyard_memory_limit_bytes", "Memory that the process may use: bytes", { "": memoryLimit }),
    gauge("process_start_time_seconds", "Start of the process: s since epoch", {
      "": performance.timeOrigin / 1000,
    }),
  ];
}

/** The one value of a metric that there is only where what is served has been signed. */
function ifSigned(value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { "": value };
}

function describeOverrides({ environments, lastError }: OverridesStatus): MetricState[] {
  const counts = Object.entries(environments).map(([id, { flags, segments, isApplied }]) => [
    formatLabel("environment", id),
    isApplied ? flags.length + segments.length : 0,
  ]);
  return [
    gauge(
      "halyard_overrides",
      "Flags and segments that are overridden, by environment",
      Object.fromEntries(counts),
    ),
    gauge("halyard_overrides_failing", "Whether a newer file of overrides could not be read or applied", {
      "": lastError ? 1 : 0,
    }),
  ];
}

function gauge(name: string, help: string, values: Readonly<Record<string, number>>): MetricState {
  const series = Object.entries(values).map(([labels, value]): [string, number[]] => [labels, [value]]);
  return { name, type: "gauge", help, bounds: [], series: new Map(series) };
}
