import {
  boolean,
  duration,
  integer,
  list,
  logFormat,
  logLevel,
  path,
  port,
  size,
  tags,
  text,
  tlsVersion,
  url,
  type ValueType,
} from "./_types.ts";

/**
 * What becomes of a setting: `used`; `none`, accepted without effect; `none yet`, accepted with a warning that it has
 * no effect yet; `refused`, since it makes sense online only.
 */
export type Effect = "used" | "none" | "none yet" | "refused";

/** One setting. */
export interface Setting<T = unknown> {
  /** The environment variable. `*` at its end stands for a name that the operator chooses. */
  env?: string;
  /** How its value is written. */
  type: ValueType<T>;
  /** What holds where it is not set, written as in a file. */
  default?: string;
  /** What becomes of it. Absent: what becomes of its section. */
  effect?: Effect;
  /** Whether the environment turns a refused section on with it. The other variables of such a section are not read. */
  decides?: boolean;
  /** Whether a file cannot set it. */
  environmentOnly?: boolean;
  /** What it is for, in one line. */
  help?: string;
}

/** One section of the file. */
export interface Section {
  /** What becomes of its settings. */
  effect: Effect;
  /** What it is for, in one line. */
  help: string;
  /** What stands in quotes in its header. Absent: nothing does. */
  subsection?: string;
  /** Its settings by their name in the file. */
  settings: Record<string, Setting>;
}

/** Every setting there is, in the order of the docs. */
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
        help: "Address to listen on; `::` is every one, of IPv6 and IPv4. Not in the Relay Proxy.",
      },
      heartbeatInterval: {
        env: "HEARTBEAT_INTERVAL",
        type: duration,
        default: "3m",
        help: "Time between heartbeats on a stream; `0` for none.",
      },
      maxClientConnectionTime: {
        env: "MAX_CLIENT_CONNECTION_TIME",
        type: duration,
        default: "0",
        help: "Time after which a stream is closed, so that its client connects anew; `0` for never.",
      },
      pingStreamJitterTime: {
        env: "PING_STREAM_JITTER_TIME",
        type: duration,
        default: "0",
        help: "Longest delay of a ping after a reload; each takes a moment in its upper half.",
      },
      shutdownGracePeriod: {
        env: "SHUTDOWN_GRACE_PERIOD",
        type: duration,
        default: "10s",
        help: "Time that open requests get after a signal to stop. Not in the Relay Proxy.",
      },
      tlsEnabled: { env: "TLS_ENABLED", type: boolean, default: "false", help: "Whether to serve HTTPS." },
      tlsCert: { env: "TLS_CERT", type: path, help: "Certificate chain in PEM. Needed with `tlsEnabled`." },
      tlsKey: { env: "TLS_KEY", type: path, help: "Private key in PEM. Needed with `tlsEnabled`." },
      tlsMinVersion: {
        env: "TLS_MIN_VERSION",
        type: tlsVersion,
        default: "1.2",
        help: "Least version of TLS. `1.0` and `1.1` are not served: they mean `1.2`, with a warning.",
      },
      logLevel: { env: "LOG_LEVEL", type: logLevel, default: "info", help: "Least level that is logged." },
      logFormat: { env: "LOG_FORMAT", type: logFormat, default: "text", help: "How a log line is written." },
      expiredCredentialCleanupInterval: {
        env: "EXPIRED_CREDENTIAL_CLEANUP_INTERVAL",
        type: duration,
        default: "1m",
        help: "Time between two looks for keys that have expired; at least `100ms`.",
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
        help: "Start-up fails without a good archive in any case.",
      },
      ignoreConnectionErrors: {
        env: "IGNORE_CONNECTION_ERRORS",
        type: boolean,
        default: "false",
        effect: "none",
        help: "There are no connections.",
      },
      initTimeout: {
        env: "INIT_TIMEOUT",
        type: duration,
        default: "10s",
        effect: "none",
        help: "There is nothing to wait for.",
      },
      streamUri: { env: "STREAM_URI", type: url, effect: "none", help: "There are no connections." },
      baseUri: { env: "BASE_URI", type: url, effect: "none", help: "There are no connections." },
      clientSideBaseUri: {
        env: "CLIENT_SIDE_BASE_URI",
        type: url,
        effect: "none",
        help: "There are no connections.",
      },
      disconnectedStatusTime: {
        env: "DISCONNECTED_STATUS_TIME",
        type: duration,
        effect: "none",
        help: "There are no connections.",
      },
      bigSegmentsStaleAsDegraded: {
        env: "BIG_SEGMENTS_STALE_AS_DEGRADED",
        type: boolean,
        effect: "none",
        help: "Needs a database.",
      },
      bigSegmentsStaleThreshold: {
        env: "BIG_SEGMENTS_STALE_THRESHOLD",
        type: duration,
        effect: "none",
        help: "Needs a database.",
      },
    },
  },
  OfflineMode: {
    effect: "used",
    help: "The archive and who may read it from a browser.",
    settings: {
      fileDataSource: { env: "FILE_DATA_SOURCE", type: path, help: "The archive. Needed." },
      fileDataSourceMonitoringInterval: {
        env: "FILE_DATA_SOURCE_MONITORING_INTERVAL",
        type: duration,
        default: "1s",
        help: "Time between two looks at the archive; at least `100ms`.",
      },
      maxArchiveSize: {
        env: "MAX_ARCHIVE_SIZE",
        type: size,
        default: "64MiB",
        help: "Largest archive that is read, as it is on disk. Not in the Relay Proxy.",
      },
      envAllowedOrigin: {
        env: "ENV_ALLOWED_ORIGIN",
        type: list,
        help: "Origins that browsers may call from; all if there is none.",
      },
      envAllowedHeader: {
        env: "ENV_ALLOWED_HEADER",
        type: list,
        help: "Request headers that browsers may send besides those of the SDKs.",
      },
      envDatastorePrefix: {
        env: "ENV_DATASTORE_PREFIX",
        type: text,
        effect: "none yet",
        help: "Needs a database.",
      },
      envDatastoreTableName: {
        env: "ENV_DATASTORE_TABLE_NAME",
        type: text,
        effect: "none yet",
        help: "Needs a database.",
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
        help: "Largest event body that is read.",
      },
      sendEvents: { env: "USE_EVENTS", type: boolean, default: "false", help: "Events are never sent." },
      eventsUri: { env: "EVENTS_HOST", type: url, help: "Events are never sent." },
      flushInterval: { env: "EVENTS_FLUSH_INTERVAL", type: duration, help: "Events are never sent." },
      capacity: { env: "EVENTS_CAPACITY", type: integer, help: "Events are never sent." },
      inlineUsers: { env: "EVENTS_INLINE_USERS", type: boolean, help: "Events are never sent." },
    },
  },
  AutoConfig: {
    effect: "none yet",
    help: "The relay key, with which the archive can be downloaded elsewhere. Serving never uses it.",
    settings: {
      key: { env: "AUTO_CONFIG_KEY", type: text, help: "Relay key for a later `pull` command. A secret." },
      envDatastorePrefix: { env: "ENV_DATASTORE_PREFIX", type: text },
      envDatastoreTableName: { env: "ENV_DATASTORE_TABLE_NAME", type: text },
      envAllowedOrigin: {
        env: "ENV_ALLOWED_ORIGIN",
        type: list,
        help: "Online only: set it in `[OfflineMode]`.",
      },
      envAllowedHeader: {
        env: "ENV_ALLOWED_HEADER",
        type: list,
        help: "Online only: set it in `[OfflineMode]`.",
      },
    },
  },
  Prometheus: {
    effect: "none yet",
    help: "Metrics for Prometheus.",
    settings: {
      enabled: { env: "USE_PROMETHEUS", type: boolean, help: "Whether to export." },
      prefix: { env: "PROMETHEUS_PREFIX", type: text, help: "Start of each name." },
      port: { env: "PROMETHEUS_PORT", type: port, help: "Port of its own." },
    },
  },
  Datadog: {
    effect: "none yet",
    help: "Metrics for Datadog.",
    settings: {
      enabled: { env: "USE_DATADOG", type: boolean, help: "Whether to export." },
      prefix: { env: "DATADOG_PREFIX", type: text, help: "Start of each name." },
      traceAddr: { env: "DATADOG_TRACE_ADDR", type: text, help: "Where traces go." },
      statsAddr: { env: "DATADOG_STATS_ADDR", type: text, help: "Where metrics go." },
      tag: {
        env: "DATADOG_TAG_*",
        type: tags,
        help: "A tag `name:value`; the variable has the name in its own.",
      },
    },
  },
  Stackdriver: {
    effect: "none yet",
    help: "Metrics for Stackdriver.",
    settings: {
      enabled: { env: "USE_STACKDRIVER", type: boolean, help: "Whether to export." },
      prefix: { env: "STACKDRIVER_PREFIX", type: text, help: "Start of each name." },
      projectID: { env: "STACKDRIVER_PROJECT_ID", type: text, help: "Project." },
    },
  },
  OpenTelemetry: {
    effect: "none yet",
    help: "Metrics for OpenTelemetry, as in version 9 of the Relay Proxy.",
    settings: {
      enabled: { env: "USE_OTLP", type: boolean, help: "Whether to export." },
      protocol: { env: "OTEL_EXPORTER_OTLP_PROTOCOL", type: text, help: "Protocol." },
    },
  },
  Proxy: {
    effect: "none yet",
    help: "A proxy for outbound connections. Serving makes none.",
    settings: {
      url: { env: "PROXY_URL", type: url, help: "Address." },
      ntlmAuth: { env: "PROXY_AUTH_NTLM", type: boolean, help: "Whether it wants NTLM." },
      user: { env: "PROXY_AUTH_USER", type: text, help: "User." },
      password: { env: "PROXY_AUTH_PASSWORD", type: text, help: "Password. A secret." },
      domain: { env: "PROXY_AUTH_DOMAIN", type: text, help: "Domain." },
      caCertFiles: { env: "PROXY_CA_CERTS", type: list, help: "Certificates to trust." },
    },
  },
  Environment: {
    effect: "refused",
    help: "Environments come from the archive.",
    subsection: "name",
    settings: {
      sdkKey: { env: "LD_ENV_*", type: text, decides: true },
      mobileKey: { env: "LD_MOBILE_KEY_*", type: text },
      envId: { env: "LD_CLIENT_SIDE_ID_*", type: text },
      prefix: { env: "LD_PREFIX_*", type: text },
      tableName: { env: "LD_TABLE_NAME_*", type: text },
      allowedOrigin: { env: "LD_ALLOWED_ORIGIN_*", type: list },
      allowedHeader: { env: "LD_ALLOWED_HEADER_*", type: list },
      secureMode: { env: "LD_SECURE_MODE_*", type: boolean },
      logLevel: { env: "LD_LOG_LEVEL_*", type: logLevel },
      ttl: { env: "LD_TTL_*", type: duration },
      projKey: { env: "LD_PROJ_KEY_*", type: text },
      filterKey: { type: text },
      offline: { type: boolean },
    },
  },
  Filters: {
    effect: "refused",
    help: "Payload filters work online only: an archive holds whole environments.",
    subsection: "project",
    settings: {
      keys: { env: "LD_FILTER_KEYS_*", type: list, decides: true },
    },
  },
  Redis: {
    effect: "refused",
    help: "Halyard keeps its data in memory and needs no database.",
    settings: {
      enabled: { env: "USE_REDIS", type: boolean, decides: true, environmentOnly: true },
      host: { env: "REDIS_HOST", type: text },
      port: { env: "REDIS_PORT", type: integer },
      url: { env: "REDIS_URL", type: url },
      localTtl: { env: "CACHE_TTL", type: duration },
      tls: { env: "REDIS_TLS", type: boolean },
      username: { env: "REDIS_USERNAME", type: text },
      password: { env: "REDIS_PASSWORD", type: text },
    },
  },
  Consul: {
    effect: "refused",
    help: "Halyard keeps its data in memory and needs no database.",
    settings: {
      enabled: { env: "USE_CONSUL", type: boolean, decides: true, environmentOnly: true },
      host: { env: "CONSUL_HOST", type: text },
      localTtl: { env: "CACHE_TTL", type: duration },
      token: { env: "CONSUL_TOKEN", type: text },
      tokenFile: { env: "CONSUL_TOKEN_FILE", type: path },
    },
  },
  DynamoDB: {
    effect: "refused",
    help: "Halyard keeps its data in memory and needs no database.",
    settings: {
      enabled: { env: "USE_DYNAMODB", type: boolean, decides: true },
      tableName: { env: "DYNAMODB_TABLE", type: text },
      url: { env: "DYNAMODB_URL", type: url },
      localTtl: { env: "CACHE_TTL", type: duration },
    },
  },
} satisfies Record<string, Section>;

/** The name of a section. */
export type SectionName = keyof typeof SECTIONS;
