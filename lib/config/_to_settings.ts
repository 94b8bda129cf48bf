import { type Values, withDefaults } from "./_values.ts";
import type { Settings } from "./settings.ts";

/** Longest effective duration of a setting. A timer with a longer delay fires at once: setTimeout() counts in 31 bits. @limit ms: a longer one counts as this */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Converts values to settings.
 *
 * @param values Values, checked.
 * @returns The settings, with defaults for values that are not set.
 */
export function toSettings(values: Values): Settings {
  const main = withDefaults("Main", values.Main);
  const offlineMode = withDefaults("OfflineMode", values.OfflineMode);
  const events = withDefaults("Events", values.Events);
  const prometheus = withDefaults("Prometheus", values.Prometheus);
  const admin = withDefaults("Admin", values.Admin);
  const { cosignKeys = [], mode, threshold, ...trust } = withDefaults("Trust", values.Trust);
  const { directory: stateDirectory } = values.State;
  const { key: autoConfigKey } = values.AutoConfig;
  const { file: overridesFile } = values.Overrides;
  return {
    port: main.port,
    bindAddress: main.bindAddress,
    ...main.streamPort !== undefined && { streamPort: main.streamPort },
    ...main.unixSocket !== undefined && { unixSocket: main.unixSocket },
    maxConnectionsPerAddress: main.maxConnectionsPerAddress,
    threads: main.threads,
    ...main.tlsEnabled && {
      tls: {
        cert: main.tlsCert ?? "",
        key: main.tlsKey ?? "",
        minVersion: main.tlsMinVersion === "1.3" ? "1.3" : "1.2",
      },
    },
    ...prometheus.enabled && { prometheus: { port: prometheus.port } },
    ...admin.port !== undefined && {
      admin: {
        port: admin.port,
        bindAddress: admin.bindAddress,
        ...admin.explorer && {
          explorer: { hosts: admin.hosts ?? [], ...admin.token !== undefined && { token: admin.token } },
        },
      },
    },
    metricsPrefix: prometheus.prefix,
    heartbeatInterval: timer(main.heartbeatInterval),
    maxClientConnectionTime: timer(main.maxClientConnectionTime),
    pingStreamJitterTime: timer(main.pingStreamJitterTime),
    shutdownDelay: timer(main.shutdownDelay),
    shutdownGracePeriod: timer(main.shutdownGracePeriod),
    maxStreams: main.maxStreams,
    maxClientRequestBodySize: main.maxClientRequestBodySize,
    maxPayloadBytesInFlight: main.maxPayloadBytesInFlight,
    ...main.memoryLimit !== undefined && { memoryLimit: main.memoryLimit },
    clientWriteMinBytesPerSecond: main.clientWriteMinBytesPerSecond,
    clientWriteSlack: timer(main.clientWriteSlack),
    clientWriteMaxTime: timer(main.clientWriteMaxTime ?? 0),
    initTimeout: timer(main.initTimeout),
    exitOnError: main.exitOnError,
    exitAlways: main.exitAlways,
    ignoreConnectionErrors: main.ignoreConnectionErrors,
    expiredCredentialCleanupInterval: timer(main.expiredCredentialCleanupInterval),
    logLevel: main.logLevel,
    logFormat: main.logFormat,
    fileDataSource: offlineMode.fileDataSource ?? "",
    fileDataSourceMonitoringInterval: timer(offlineMode.fileDataSourceMonitoringInterval),
    maxArchiveSize: offlineMode.maxArchiveSize,
    trust: { mode, threshold, cosignKeys, ...withoutUndefined(trust) },
    ...stateDirectory !== undefined && { stateDirectory },
    ...overridesFile !== undefined && { overridesFile },
    envAllowedOrigin: offlineMode.envAllowedOrigin ?? [],
    envAllowedHeader: offlineMode.envAllowedHeader ?? [],
    ofrepReasons: withDefaults("OFREP", values.OFREP).reasons,
    sendEvents: events.sendEvents,
    maxInboundPayloadSize: events.maxInboundPayloadSize,
    ...autoConfigKey !== undefined && { autoConfigKey },
  };
}

function timer(ms: number): number {
  return Math.min(Math.max(ms, 0), MAX_TIMER_MS);
}

function withoutUndefined<T extends object>(values: T): { [N in keyof T]?: Exclude<T[N], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [N in keyof T]?: Exclude<T[N], undefined> };
}
