import { DEFAULT_SETTINGS, type LiveSettings, type Settings } from "../../lib/config/mod.ts";
import type { Random } from "./random.ts";

/** Where the archive is. */
const PATH = "/data/flags.tar.gz";

/** Picks the settings of a relay: short times, so that much happens in a simulation. */
export function pickSettings(random: Random): Settings {
  return {
    ...DEFAULT_SETTINGS,
    ...pickLiveSettings(random),
    fileDataSource: PATH,
    fileDataSourceMonitoringInterval: 5_000,
    memoryLimit: Infinity,
    clientWriteSlack: 8_000,
    clientWriteMinBytesPerSecond: 10_000,
    clientWriteMaxTime: random.pick([0, 0, 30_000]),
    maxClientConnectionTime: random.pick([0, 0, 60_000]),
    pingStreamJitterTime: random.pick([0, 3_000]),
    expiredCredentialCleanupInterval: 10_000,
    shutdownDelay: 2_000,
    shutdownGracePeriod: 5_000,
  };
}

/** Picks the settings that a running relay applies. */
export function pickLiveSettings(random: Random): LiveSettings {
  const { logLevel, envAllowedHeader, envAllowedOrigin } = DEFAULT_SETTINGS;
  return {
    logLevel,
    envAllowedHeader,
    envAllowedOrigin,
    heartbeatInterval: random.pick([0, 5_000, 20_000]),
    maxStreams: random.pick([2, 1_000, 1_000]),
  };
}

/** What takes time by promise, out of the settings: ms. */
export interface Bounds {
  /** Time after which a client is cut off that reads nothing: its allowance, what it read of one answer before, and some. */
  cut: number;
  /** Time after which a stream is closed whose credential no longer opens anything, whatever the clock does. */
  revoked: number;
  /** Time after which a client that polls is told to. */
  poll: number;
  /** Age from which a stream may be closed. */
  youngest: number;
  /** Age by which it is. */
  oldest: number;
}

/** Some time more, for the pauses between two looks at a deadline. */
const SOME_MS = 2_000;

/** Computes by when a relay has to act. */
export function boundsOf(settings: Settings): Bounds {
  const { maxClientConnectionTime: maxAge } = settings;
  return {
    cut: settings.clientWriteSlack + 40_000,
    revoked: settings.expiredCredentialCleanupInterval + SOME_MS,
    poll: settings.pingStreamJitterTime + SOME_MS,
    youngest: maxAge === 0 ? Infinity : maxAge * 0.9,
    oldest: maxAge === 0 ? Infinity : maxAge + SOME_MS,
  };
}
