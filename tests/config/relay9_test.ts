import { assertEquals } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/config/mod.ts";
import { load, refusal } from "./_load.ts";

/** Settings that version 9 of the Relay Proxy, or a late version 8, added, and that are accepted without a word. */
const WITHOUT_EFFECT: [section: string, name: string, variable: string, value: string][] = [
  ["Http", "enableCompression", "HTTP_ENABLE_COMPRESSION", "true"],
  ["Http", "idleConnTimeout", "HTTP_IDLE_CONN_TIMEOUT", "30s"],
  ["Http", "maxIdleConns", "HTTP_MAX_IDLE_CONNS", "100"],
  ["Http", "maxIdleConnsPerHost", "HTTP_MAX_IDLE_CONNS_PER_HOST", "0"],
  ["Http", "disableKeepAlives", "HTTP_DISABLE_KEEPALIVE", "true"],
  ["Events", "metricsCapacity", "EVENTS_METRICS_CAPACITY", "10000"],
  ["AutoConfig", "cacheKey", "AUTO_CONFIG_CACHE_KEY", "relay-cache"],
  ["AutoConfig", "cacheEncryptionKey", "AUTO_CONFIG_CACHE_ENCRYPTION_KEY", "c2VjcmV0"],
  ["OpenTelemetry", "protocol", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
  ["OpenTelemetry", "metricsExporter", "OTEL_METRICS_EXPORTER", "otlp"],
  ["OpenTelemetry", "tracesExporter", "OTEL_TRACES_EXPORTER", "none"],
  ["OpenTelemetry", "logsExporter", "OTEL_LOGS_EXPORTER", "none"],
  ["OpenTelemetry", "metricsCardinalityLimit", "OTEL_METRICS_CARDINALITY_LIMIT", "0"],
  ["OpenTelemetry", "environmentStatusMetrics", "OTEL_ENVIRONMENT_STATUS_METRICS", "true"],
];

/** Those that have an effect. */
const USED: [
  name: string,
  variable: string,
  text: string,
  setting: keyof typeof DEFAULT_SETTINGS,
  value: number,
][] = [
  [
    "clientWriteMinBytesPerSecond",
    "CLIENT_WRITE_MIN_BYTES_PER_SECOND",
    "0",
    "clientWriteMinBytesPerSecond",
    0,
  ],
  ["clientWriteSlack", "CLIENT_WRITE_SLACK", "7s", "clientWriteSlack", 7_000],
  ["clientWriteMaxTime", "CLIENT_WRITE_MAX_TIME", "2m", "clientWriteMaxTime", 120_000],
  ["gracefulShutdownTimeout", "GRACEFUL_SHUTDOWN_TIMEOUT", "25s", "shutdownGracePeriod", 25_000],
  [
    "maxClientRequestBodySize",
    "MAX_CLIENT_REQUEST_BODY_SIZE",
    "5MiB",
    "maxClientRequestBodySize",
    5 * 1024 ** 2,
  ],
  ["pingStreamJitterTime", "PING_STREAM_JITTER_TIME", "9s", "pingStreamJitterTime", 9_000],
];

const FILE = "[OfflineMode]\nfileDataSource = f\n";

Deno.test("loadSettings() accepts what version 9 of the Relay Proxy added, from either source", () => {
  const expected = { ...DEFAULT_SETTINGS, fileDataSource: "f" };
  for (const [section, name, variable, value] of WITHOUT_EFFECT) {
    for (
      const sources of [
        { file: `${FILE}[${section}]\n${name} = ${value}` },
        { env: { FILE_DATA_SOURCE: "f", [variable]: value } },
      ]
    ) {
      const { settings, warnings } = load(sources);
      assertEquals([settings, warnings], [expected, []], name);
    }
  }
  for (const [name, variable, text, setting, value] of USED) {
    for (
      const sources of [
        { file: `${FILE}[Main]\n${name} = ${text}` },
        { env: { FILE_DATA_SOURCE: "f", [variable]: text } },
      ]
    ) {
      const { settings, warnings } = load(sources);
      assertEquals([settings, warnings], [{ ...expected, [setting]: value }, []], name);
    }
  }
});

Deno.test("loadSettings() refuses a maximum body size of nothing, as version 9 of the Relay Proxy", () => {
  assertEquals(refusal({ env: { FILE_DATA_SOURCE: "f", MAX_CLIENT_REQUEST_BODY_SIZE: "0B" } }), [
    "environment",
    "max client request body size must be greater than zero",
    "leave it out for 1000000B",
  ]);
});
