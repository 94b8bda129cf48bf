import { type Reading, type Values, withDefaults } from "./_values.ts";
import type { Problem } from "./errors.ts";
import { isLoopback } from "../wire/mod.ts";

/** Shortest poll interval, of the archive and of expired keys. The Relay Proxy's, to keep disk and processor from being busy. @limit ms: a shorter one is refused */
const MIN_INTERVAL_MS = 100;

/** The settings that `[AutoConfig]` and `[OfflineMode]` both have. */
export const SHARED_NAMES = [
  "envDatastorePrefix",
  "envDatastoreTableName",
  "envAllowedOrigin",
  "envAllowedHeader",
] as const;

/** Hint when no archive is configured. */
export const SOURCE_HINT =
  "set FILE_DATA_SOURCE, or fileDataSource in [OfflineMode] of the configuration file, to the path of an archive";

function isSet(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** Finds listeners with one port: whatever their addresses are, each needs its own. */
function findPortConflicts(values: Values): Problem[] {
  const { port, streamPort } = withDefaults("Main", values.Main);
  const prometheus = withDefaults("Prometheus", values.Prometheus);
  const metricsPort = prometheus.enabled ? prometheus.port : undefined;
  const listeners = [
    { name: "port", port, setting: "PORT ([Main] port)" },
    { name: "stream port", port: streamPort, setting: "STREAM_PORT ([Main] streamPort)" },
    { name: "the port of Prometheus", port: metricsPort, setting: "PROMETHEUS_PORT ([Prometheus] port)" },
    { name: "the admin port", port: values.Admin.port, setting: "ADMIN_PORT ([Admin] port)" },
  ];
  return listeners.flatMap(({ name, port, setting }, i) => {
    const other = port === undefined ? undefined : listeners.slice(0, i).find((other) => other.port === port);
    if (!other) return [];
    return [{
      message: `${other.name} and ${name} must differ`,
      hint: `set ${setting} to another port, or leave it out`,
    }];
  });
}

/**
 * Finds settings that conflict or are not supported, in the Relay Proxy's order and, where it has them, words.
 *
 * @param reading Values of all sources.
 * @returns The conflicts.
 */
export function findConflicts({ values, environments, filters }: Reading): Problem[] {
  const { Main: main, AutoConfig: autoConfig, OfflineMode: offlineMode, Events: events, Trust: trust } =
    values;
  const admin = withDefaults("Admin", values.Admin);
  const problems: Problem[] = [];
  function refuseIf(condition: boolean, message: string, hint: string): void {
    if (condition) problems.push({ message, hint });
  }

  refuseIf(
    main.tlsEnabled === true && (main.tlsCert === undefined || main.tlsKey === undefined),
    "TLS cert and key are required if TLS is enabled",
    "set tlsCert and tlsKey (TLS_CERT, TLS_KEY) to the paths of PEM files",
  );
  problems.push(...findPortConflicts(values));
  refuseIf(
    autoConfig.key === undefined && SHARED_NAMES.some((name) => isSet(autoConfig[name])),
    "must specify auto-configuration key if other auto-configuration properties are set",
    "move them from [AutoConfig] to [OfflineMode]",
  );
  refuseIf(
    environments.length > 0,
    "cannot configure specific environments if offline mode is enabled",
    `remove ${environments.join(", ")}: environments come from the archive`,
  );
  refuseIf(
    offlineMode.fileDataSource === undefined &&
      (isSet(offlineMode.fileDataSourceMonitoringInterval) ||
        SHARED_NAMES.some((name) => isSet(offlineMode[name]))),
    "must specify offline mode filename if other offline mode properties are set",
    SOURCE_HINT,
  );
  refuseIf(
    (trust.mode ?? "off") !== "off" && trust.allowedSigners === undefined && !isSet(trust.cosignKeys),
    "cannot check signatures without anybody who may sign",
    "set allowedSigners in [Trust] (TRUST_ALLOWED_SIGNERS) to the path of an allowed_signers file, or cosignKeys (TRUST_COSIGN_KEYS)",
  );
  refuseIf(
    admin.explorer && admin.port === undefined,
    "cannot serve the explorer without an admin port",
    "set ADMIN_PORT ([Admin] port), or leave out ADMIN_EXPLORER (explorer)",
  );
  refuseIf(
    admin.explorer && admin.token === undefined && !isLoopback(admin.bindAddress),
    "cannot serve the explorer without a token on an address that is not loopback",
    "set ADMIN_TOKEN ([Admin] token) to a secret of 16 characters or more, or leave out ADMIN_BIND_ADDRESS (bindAddress)",
  );
  for (const database of databasesInUse(values)) {
    problems.push({
      message: `cannot use ${database}: data is kept in memory and needs no database`,
      hint: `remove [${database}] from the configuration file, or unset USE_${database.toUpperCase()}`,
    });
  }
  refuseIf(
    filters.length > 0,
    "cannot configure filters if offline mode is enabled",
    `remove ${filters.join(", ")}: an archive holds whole environments`,
  );
  refuseIf(
    isBelow(offlineMode.fileDataSourceMonitoringInterval, MIN_INTERVAL_MS),
    `file data source monitoring interval must be >= ${MIN_INTERVAL_MS}ms`,
    "leave it out for 1s",
  );
  refuseIf(
    isBelow(offlineMode.maxArchiveSize, 1),
    "max archive size must be greater than zero",
    "leave it out for 64MiB",
  );
  refuseIf(
    isBelow(main.maxPayloadBytesInFlight, 1),
    "max payload bytes in flight must be greater than zero",
    "leave it out for 256MiB",
  );
  refuseIf(
    isBelow(main.maxClientRequestBodySize, 1),
    "max client request body size must be greater than zero",
    "leave it out for 1000000B",
  );
  refuseIf(
    isBelow(main.memoryLimit, 1),
    "memory limit must be greater than zero",
    "leave it out for that of the container",
  );
  refuseIf(
    isBelow(main.clientWriteMaxTime, withDefaults("Main", main).clientWriteSlack),
    "client write max time must be >= client write slack",
    "raise clientWriteMaxTime (CLIENT_WRITE_MAX_TIME), or leave it out for no limit",
  );
  refuseIf(
    isBelow(main.expiredCredentialCleanupInterval, MIN_INTERVAL_MS),
    `expired credential cleanup interval must be >= ${MIN_INTERVAL_MS}ms`,
    "leave it out for 1m",
  );
  refuseIf(
    isBelow(events.maxInboundPayloadSize, 1),
    "max inbound payload size must be greater than zero",
    "leave it out for 10MiB",
  );
  return problems;
}

function isBelow(value: number | undefined, least: number): boolean {
  return value !== undefined && value < least;
}

/** As in the Relay Proxy, a section that only prepares for a database does not use it. */
function databasesInUse({ Redis: redis, Consul: consul, DynamoDB: dynamoDB }: Values): string[] {
  const databases: [name: string, isInUse: boolean | undefined][] = [
    ["Redis", redis.enabled || isSet(redis.host ?? redis.port ?? redis.url)],
    ["Consul", consul.enabled || isSet(consul.host)],
    ["DynamoDB", dynamoDB.enabled],
  ];
  return databases.filter(([, isInUse]) => isInUse).map(([name]) => name);
}

/**
 * Finds settings that are accepted but have no effect, or another one.
 *
 * @param values Values without conflicts.
 * @returns A sentence for each.
 */
export function findWarnings(
  {
    Main: main,
    AutoConfig: autoConfig,
    OfflineMode: offlineMode,
    Proxy: proxy,
    Concurrency: concurrency,
    Trust: trust,
    State: state,
    Admin: admin,
    ...values
  }: Values,
): string[] {
  const warnings: string[] = [];
  if (autoConfig.key !== undefined) {
    warnings.push('The relay key of [AutoConfig] is kept for the "pull" command: serving never uses it');
  }
  for (const name of SHARED_NAMES) {
    if (isSet(autoConfig[name])) {
      warnings.push(`"${name}" in [AutoConfig] has no effect: set it in [OfflineMode]`);
    }
  }
  for (const name of ["envDatastorePrefix", "envDatastoreTableName"] as const) {
    if (isSet(offlineMode[name])) {
      warnings.push(`"${name}" in [OfflineMode] has no effect: there is no database`);
    }
  }
  if (main.tlsEnabled && (main.tlsMinVersion === "1.0" || main.tlsMinVersion === "1.1")) {
    warnings.push(`TLS ${main.tlsMinVersion} is not supported: the minimum TLS version is 1.2`);
  }
  if (main.unixSocket !== undefined && (main.threads ?? 1) !== 1) {
    warnings.push(
      "A Unix socket is served by one thread alone, however many THREADS ([Main] threads) there are",
    );
  }
  const { mode = "off", ...rules } = trust;
  if (mode === "off" && Object.values(rules).some(isSet)) {
    warnings.push("[Trust] has no effect: signatures are checked with TRUST_MODE (mode) warn or require");
  }
  if (mode !== "off" && trust.audience === undefined) {
    warnings.push("An archive for any site is accepted: TRUST_AUDIENCE ([Trust] audience) is not set");
  }
  if (mode === "require" && state.directory === undefined) {
    warnings.push(
      "A restart forgets which release was served, and accepts an older one: STATE_DIRECTORY ([State] directory) is not set",
    );
  }
  if (admin.explorer !== true && (admin.token !== undefined || isSet(admin.hosts))) {
    warnings.push(
      "ADMIN_TOKEN ([Admin] token) and ADMIN_HOSTS (hosts) have no effect: they protect the explorer, which ADMIN_EXPLORER (explorer) serves",
    );
  }
  for (const exporter of ["Datadog", "Stackdriver", "OpenTelemetry"] as const) {
    if (values[exporter].enabled) {
      warnings.push(
        `[${exporter}] has no effect: it would be an outbound connection; [Prometheus] (USE_PROMETHEUS) serves metrics`,
      );
    }
  }
  if (Object.values(proxy).some((value) => isSet(value) && value !== false)) {
    warnings.push("[Proxy] has no effect yet: serving makes no outbound connection");
  }
  if (Object.values(concurrency).some(isSet)) {
    warnings.push(
      "[Concurrency] has no effect: data that clients share is sent to all at once, and slow ones hold up nobody",
    );
  }
  return warnings;
}
