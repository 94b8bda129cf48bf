import type { Section } from "./_section.ts";
import {
  boolean,
  duration,
  integer,
  integerOrZero,
  list,
  logLevel,
  path,
  tags,
  text,
  url,
} from "./_types.ts";

/** Sections without effect: those that may have one in the future, and those that are refused. */
export const UNUSED_SECTIONS = {
  Concurrency: {
    effect: "none",
    help: "Limits of version 9 of the Relay Proxy on payloads that are sent at one time. None are needed.",
    settings: {
      maxConcurrent: { env: "INIT_MAX_CONCURRENT", type: integerOrZero, help: "Payloads at one time." },
      maxQueued: { env: "INIT_MAX_QUEUED", type: integerOrZero, help: "Requests that may wait." },
      sendTimeout: { env: "INIT_SEND_TIMEOUT", type: duration, help: "Longest time for one payload." },
    },
  },
  Http: {
    effect: "none",
    help: "Compression, which every client gets that accepts it, and connections to LaunchDarkly.",
    settings: {
      enableCompression: { env: "HTTP_ENABLE_COMPRESSION", type: boolean, help: "It is always on." },
      idleConnTimeout: { env: "HTTP_IDLE_CONN_TIMEOUT", type: duration, help: "No outbound connections." },
      maxIdleConns: { env: "HTTP_MAX_IDLE_CONNS", type: integerOrZero, help: "No outbound connections." },
      maxIdleConnsPerHost: {
        env: "HTTP_MAX_IDLE_CONNS_PER_HOST",
        type: integerOrZero,
        help: "No outbound connections.",
      },
      disableKeepAlives: { env: "HTTP_DISABLE_KEEPALIVE", type: boolean, help: "No outbound connections." },
    },
  },
  Datadog: {
    effect: "none yet",
    help: "Metrics for Datadog.",
    settings: {
      enabled: { env: "USE_DATADOG", type: boolean, help: "Whether to export." },
      prefix: { env: "DATADOG_PREFIX", type: text, help: "Prefix of each name." },
      traceAddr: { env: "DATADOG_TRACE_ADDR", type: text, help: "Address for traces." },
      statsAddr: { env: "DATADOG_STATS_ADDR", type: text, help: "Address for metrics." },
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
      prefix: { env: "STACKDRIVER_PREFIX", type: text, help: "Prefix of each name." },
      projectID: { env: "STACKDRIVER_PROJECT_ID", type: text, help: "Project." },
    },
  },
  OpenTelemetry: {
    effect: "none yet",
    help: "Metrics for OpenTelemetry, as in version 9 of the Relay Proxy.",
    settings: {
      enabled: { env: "USE_OTLP", type: boolean, help: "Whether to export." },
      protocol: { env: "OTEL_EXPORTER_OTLP_PROTOCOL", type: text, help: "Protocol." },
      metricsExporter: { env: "OTEL_METRICS_EXPORTER", type: text, help: "Exporter of metrics." },
      tracesExporter: { env: "OTEL_TRACES_EXPORTER", type: text, help: "Exporter of traces." },
      logsExporter: { env: "OTEL_LOGS_EXPORTER", type: text, help: "Exporter of logs." },
      metricsCardinalityLimit: {
        env: "OTEL_METRICS_CARDINALITY_LIMIT",
        type: integerOrZero,
        help: "Attribute sets of an instrument.",
      },
      environmentStatusMetrics: {
        env: "OTEL_ENVIRONMENT_STATUS_METRICS",
        type: boolean,
        help: "Whether environments have a status of their own.",
      },
    },
  },
  Proxy: {
    effect: "none yet",
    help: "A proxy for outbound connections. Serving makes none.",
    settings: {
      url: { env: "PROXY_URL", type: url, help: "Address." },
      ntlmAuth: { env: "PROXY_AUTH_NTLM", type: boolean, help: "Whether it requires NTLM." },
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
