import type { Section } from "./_section.ts";
import { hostList, secret } from "./_access_types.ts";
import {
  ageLimit,
  boolean,
  directoryPath,
  duration,
  headerList,
  integer,
  integerOrZero,
  logFormat,
  logLevel,
  moment,
  path,
  pathList,
  port,
  reasonDialect,
  size,
  socketPath,
  text,
  threadCount,
  tlsVersion,
  trustMode,
  url,
} from "./_types.ts";
import { UNUSED_SECTIONS } from "./_unused_sections.ts";

export type { Section };

/** All settings, in the order of the docs. */
export const SECTIONS = {
  Main: {
    effect: "used",
    help: "The server itself.",
    settings: {
      port: { env: "PORT", type: port, default: "8030", help: "TCP port to listen on." },
      bindAddress: {
        env: "BIND_ADDRESS",
        type: text,
        default: "::",
        help: "Address to listen on; `::` is all addresses, IPv6 and IPv4. Not in the Relay Proxy.",
      },
      streamPort: {
        env: "STREAM_PORT",
        type: port,
        help:
          "Second TCP port with the same routes, for fleets of streams: 15 KB a stream, TCP keepalive, time-outs " +
          "(docs/scaling.md). None if it is not set. Not in the Relay Proxy.",
      },
      unixSocket: {
        env: "UNIX_SOCKET",
        type: socketPath,
        help:
          "Path of a Unix socket with the same routes, besides `port`, for proxies on the same host (docs/deploy.md). None if it " +
          "is not set. Not in the Relay Proxy.",
      },
      maxConnectionsPerAddress: {
        env: "MAX_CONNECTIONS_PER_ADDRESS",
        type: integerOrZero,
        default: "0",
        help:
          "Maximum number of connections from one address to `streamPort` (to `port` too with TLS 1.3 as minimum); `0` for " +
          "no limit. Not in the Relay Proxy.",
      },
      threads: {
        env: "THREADS",
        type: threadCount,
        default: "1",
        help:
          "Number of threads that serve, each on a processor core of its own; `auto` is one for each core (docs/scaling.md). " +
          "Not in the Relay Proxy.",
      },
      heartbeatInterval: {
        env: "HEARTBEAT_INTERVAL",
        type: duration,
        default: "3m",
        isLive: true,
        help: "Heartbeat interval of streams; `0` for none.",
      },
      maxClientConnectionTime: {
        env: "MAX_CLIENT_CONNECTION_TIME",
        type: duration,
        default: "0",
        help: "Maximum lifetime of a stream, after which its client reconnects; `0` for no limit.",
      },
      pingStreamJitterTime: {
        env: "PING_STREAM_JITTER_TIME",
        type: duration,
        default: "0",
        help: "Maximum delay of a ping after a reload; pings are spread over its upper half.",
      },
      shutdownDelay: {
        env: "SHUTDOWN_DELAY",
        type: duration,
        default: "0",
        help: "Time that serving continues after a stop signal, while not ready. Not in the Relay Proxy.",
      },
      gracefulShutdownTimeout: {
        env: "GRACEFUL_SHUTDOWN_TIMEOUT",
        type: duration,
        sameAs: "shutdownGracePeriod",
        help: "The Relay Proxy's name of `shutdownGracePeriod`, which counts if both are set.",
      },
      shutdownGracePeriod: {
        env: "SHUTDOWN_GRACE_PERIOD",
        type: duration,
        default: "10s",
        help: "Time for open requests to end, after `shutdownDelay`. Not in the Relay Proxy.",
      },
      maxStreams: {
        env: "MAX_STREAMS",
        type: integer,
        default: "20000",
        isLive: true,
        help: "Maximum number of open streams; clients over the limit get 503. Not in the Relay Proxy.",
      },
      maxClientRequestBodySize: {
        env: "MAX_CLIENT_REQUEST_BODY_SIZE",
        type: size,
        default: "1000000B",
        help: "Maximum size of a context in a request body; the Relay Proxy's default is `5MiB`.",
      },
      maxPayloadBytesInFlight: {
        env: "MAX_PAYLOAD_BYTES_IN_FLIGHT",
        type: size,
        default: "256MiB",
        help:
          "Memory for what is made for one client alone; each kind of credential has a third. Not in the Relay Proxy.",
      },
      clientWriteMinBytesPerSecond: {
        env: "CLIENT_WRITE_MIN_BYTES_PER_SECOND",
        type: integerOrZero,
        default: "2048",
        help: "Minimum rate at which a client reads, else its connection is closed; `0` for none.",
      },
      clientWriteSlack: {
        env: "CLIENT_WRITE_SLACK",
        type: duration,
        default: "5s",
        help: "Allowance before that rate counts.",
      },
      clientWriteMaxTime: {
        env: "CLIENT_WRITE_MAX_TIME",
        type: duration,
        help: "Longest time for one answer or event, at least `clientWriteSlack`; no limit if it is not set.",
      },
      memoryLimit: {
        env: "MEMORY_LIMIT",
        type: size,
        help:
          "Memory that the process may use; that of its container (cgroup) if it is not set. An archive that does not fit " +
          "beside what is served is refused. Not in the Relay Proxy.",
      },
      tlsEnabled: { env: "TLS_ENABLED", type: boolean, default: "false", help: "Whether to serve HTTPS." },
      tlsCert: {
        env: "TLS_CERT",
        type: path,
        help: "Certificate chain in PEM, required when `tlsEnabled` is set.",
      },
      tlsKey: { env: "TLS_KEY", type: path, help: "Private key in PEM, required when `tlsEnabled` is set." },
      tlsMinVersion: {
        env: "TLS_MIN_VERSION",
        type: tlsVersion,
        default: "1.2",
        help: "Minimum TLS version. `1.0` and `1.1` are not supported: they mean `1.2`, with a warning.",
      },
      logLevel: {
        env: "LOG_LEVEL",
        type: logLevel,
        default: "info",
        isLive: true,
        help: "Minimum log level.",
      },
      logFormat: { env: "LOG_FORMAT", type: logFormat, default: "text", help: "Log format." },
      expiredCredentialCleanupInterval: {
        env: "EXPIRED_CREDENTIAL_CLEANUP_INTERVAL",
        type: duration,
        default: "1m",
        help: "Interval of removing expired keys; at least `100ms`.",
      },
      exitAlways: {
        env: "EXIT_ALWAYS",
        type: boolean,
        default: "false",
        help: "Whether to load the archive, report and exit.",
      },
      exitOnError: {
        env: "EXIT_ON_ERROR",
        type: boolean,
        default: "false",
        effect: "none",
        help: "Start-up fails on an invalid archive in any case.",
      },
      ignoreConnectionErrors: {
        env: "IGNORE_CONNECTION_ERRORS",
        type: boolean,
        default: "false",
        effect: "none",
        help: "No outbound connections.",
      },
      initTimeout: {
        env: "INIT_TIMEOUT",
        type: duration,
        default: "10s",
        effect: "none",
        help: "Nothing to wait for.",
      },
      streamUri: { env: "STREAM_URI", type: url, effect: "none", help: "No outbound connections." },
      baseUri: { env: "BASE_URI", type: url, effect: "none", help: "No outbound connections." },
      clientSideBaseUri: {
        env: "CLIENT_SIDE_BASE_URI",
        type: url,
        effect: "none",
        help: "No outbound connections.",
      },
      disconnectedStatusTime: {
        env: "DISCONNECTED_STATUS_TIME",
        type: duration,
        effect: "none",
        help: "No outbound connections.",
      },
      bigSegmentsStaleAsDegraded: {
        env: "BIG_SEGMENTS_STALE_AS_DEGRADED",
        type: boolean,
        effect: "none",
        help: "Requires a database.",
      },
      bigSegmentsStaleThreshold: {
        env: "BIG_SEGMENTS_STALE_THRESHOLD",
        type: duration,
        effect: "none",
        help: "Requires a database.",
      },
    },
  },
  OfflineMode: {
    effect: "used",
    help: "The archive, and access from browsers.",
    settings: {
      fileDataSource: { env: "FILE_DATA_SOURCE", type: path, help: "Path of the archive, required." },
      fileDataSourceMonitoringInterval: {
        env: "FILE_DATA_SOURCE_MONITORING_INTERVAL",
        type: duration,
        default: "1s",
        help: "Poll interval of the archive; at least `100ms`.",
      },
      maxArchiveSize: {
        env: "MAX_ARCHIVE_SIZE",
        type: size,
        default: "64MiB",
        help: "Maximum size of the archive on disk. Not in the Relay Proxy.",
      },
      envAllowedOrigin: {
        env: "ENV_ALLOWED_ORIGIN",
        type: headerList,
        isLive: true,
        help: "Origins allowed to browsers; all when not set.",
      },
      envAllowedHeader: {
        env: "ENV_ALLOWED_HEADER",
        type: headerList,
        isLive: true,
        help: "Request headers allowed to browsers besides those of the SDKs.",
      },
      envDatastorePrefix: {
        env: "ENV_DATASTORE_PREFIX",
        type: text,
        effect: "none yet",
        help: "Requires a database.",
      },
      envDatastoreTableName: {
        env: "ENV_DATASTORE_TABLE_NAME",
        type: text,
        effect: "none yet",
        help: "Requires a database.",
      },
    },
  },
  Trust: {
    effect: "used",
    help: "Who may say what is served: signed archives (docs/trust.md). Not in the Relay Proxy.",
    settings: {
      mode: {
        env: "TRUST_MODE",
        type: trustMode,
        default: "off",
        help:
          "What happens to an archive that is not signed as it has to be: nothing, a warning, or it is refused.",
      },
      allowedSigners: {
        env: "TRUST_ALLOWED_SIGNERS",
        type: path,
        help: "Path of the allowed_signers file: who may sign, as OpenSSH has it.",
      },
      revokedKeys: {
        env: "TRUST_REVOKED_KEYS",
        type: path,
        help: "Path of a file of public keys that count no more, one a line.",
      },
      threshold: {
        env: "TRUST_THRESHOLD",
        type: integer,
        default: "1",
        help: "Number of different keys that must have signed.",
      },
      audience: {
        env: "TRUST_AUDIENCE",
        type: text,
        help: "Name of this site: an archive for another one is refused. Any if it is not set.",
      },
      maxAge: {
        env: "TRUST_MAX_AGE",
        type: ageLimit,
        help:
          "Age at which an archive is stale, before its own `notAfter`. A stale one is served on, with an alarm; `hard` refuses new ones.",
      },
      allowRollbackUntil: {
        env: "TRUST_ALLOW_ROLLBACK_UNTIL",
        type: moment,
        help: "Until when one archive of an older release is let in, once.",
      },
      cosignKeys: {
        env: "TRUST_COSIGN_KEYS",
        type: pathList,
        help: "Paths of public keys of cosign (PEM) that may sign too.",
      },
    },
  },
  State: {
    effect: "used",
    help: "What a restart remembers (docs/trust.md). Not in the Relay Proxy.",
    settings: {
      directory: {
        env: "STATE_DIRECTORY",
        type: directoryPath,
        help:
          "Directory for the last archive that was good, and the newest release that was served. Nothing is ever written if it is " +
          "not set.",
      },
    },
  },
  Overrides: {
    effect: "used",
    help: "Flags and segments that win over the archive (docs/operations.md). Not in the Relay Proxy.",
    settings: {
      file: {
        env: "OVERRIDES_FILE",
        type: path,
        help: "Path of the file, which need not be there. None if it is not set. Not in the Relay Proxy.",
      },
    },
  },
  OFREP: {
    effect: "used",
    help: "Evaluation for OpenFeature clients (docs/ofrep.md). Not in the Relay Proxy.",
    settings: {
      reasons: {
        env: "OFREP_REASONS",
        type: reasonDialect,
        default: "openfeature",
        help:
          "Words for the reasons of values: OpenFeature's, or LaunchDarkly's as its own OpenFeature providers send them.",
      },
    },
  },
  Events: {
    effect: "none",
    help: "Events are accepted and discarded.",
    settings: {
      maxInboundPayloadSize: {
        env: "EVENTS_MAX_INBOUND_PAYLOAD_SIZE",
        type: size,
        default: "10MiB",
        effect: "used",
        help: "Maximum size of an event body.",
      },
      sendEvents: { env: "USE_EVENTS", type: boolean, default: "false", help: "Events are never sent." },
      eventsUri: { env: "EVENTS_HOST", type: url, help: "Events are never sent." },
      flushInterval: { env: "EVENTS_FLUSH_INTERVAL", type: duration, help: "Events are never sent." },
      capacity: { env: "EVENTS_CAPACITY", type: integer, help: "Events are never sent." },
      metricsCapacity: { env: "EVENTS_METRICS_CAPACITY", type: integer, help: "Events are never sent." },
      inlineUsers: { env: "EVENTS_INLINE_USERS", type: boolean, help: "Events are never sent." },
    },
  },
  AutoConfig: {
    effect: "none yet",
    help: "Relay key for downloading the archive elsewhere. Serving never uses it.",
    settings: {
      key: {
        env: "AUTO_CONFIG_KEY",
        type: text,
        isSecret: true,
        isLive: true,
        help: "Relay key for the command `pull` of halyard-courier. A secret.",
      },
      cacheKey: { env: "AUTO_CONFIG_CACHE_KEY", type: text, effect: "none", help: "Requires a database." },
      cacheEncryptionKey: {
        env: "AUTO_CONFIG_CACHE_ENCRYPTION_KEY",
        type: text,
        effect: "none",
        help: "Requires a database. A secret.",
      },
      envDatastorePrefix: { env: "ENV_DATASTORE_PREFIX", type: text },
      envDatastoreTableName: { env: "ENV_DATASTORE_TABLE_NAME", type: text },
      envAllowedOrigin: {
        env: "ENV_ALLOWED_ORIGIN",
        type: headerList,
        help: "Online only: set it in `[OfflineMode]`.",
      },
      envAllowedHeader: {
        env: "ENV_ALLOWED_HEADER",
        type: headerList,
        help: "Online only: set it in `[OfflineMode]`.",
      },
    },
  },
  Prometheus: {
    effect: "used",
    help:
      "Metrics for Prometheus, on a listener of their own: plain HTTP, path `/metrics` (docs/operations.md).",
    settings: {
      enabled: { env: "USE_PROMETHEUS", type: boolean, default: "false", help: "Whether to serve metrics." },
      prefix: {
        env: "PROMETHEUS_PREFIX",
        type: text,
        default: "launchdarkly_relay",
        help: "Prefix of the Relay Proxy's metrics: `connections`, `newconnections`, `requests`.",
      },
      port: {
        env: "PROMETHEUS_PORT",
        type: port,
        default: "8031",
        help: "TCP port of the listener; its address is `bindAddress`.",
      },
    },
  },
  Admin: {
    effect: "used",
    help:
      "A listener for operators: health, status in detail, metrics (docs/operations.md). Not in the Relay Proxy.",
    settings: {
      port: { env: "ADMIN_PORT", type: port, help: "TCP port of the listener. None if it is not set." },
      bindAddress: {
        env: "ADMIN_BIND_ADDRESS",
        type: text,
        default: "127.0.0.1",
        help: "Address to listen on: whoever reaches it can read all of the status.",
      },
      explorer: {
        env: "ADMIN_EXPLORER",
        type: boolean,
        default: "false",
        help: "Whether to serve the explorer at `/explorer`: what is served, and why (docs/explorer.md).",
      },
      token: {
        env: "ADMIN_TOKEN",
        type: secret,
        isSecret: true,
        isHidden: true,
        help:
          "Token that opens the explorer; on loopback nobody needs one if it is not set, on any other address it is required. A secret.",
      },
      hosts: {
        env: "ADMIN_HOSTS",
        type: hostList,
        help: "Names or addresses besides those of loopback by which browsers may ask for the explorer.",
      },
    },
  },
  ...UNUSED_SECTIONS,
} satisfies Record<string, Section>;

/** The name of a section. */
export type SectionName = keyof typeof SECTIONS;
