import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_SETTINGS, loadSettings, parseCommandLine, SettingsError } from "../../lib/config/mod.ts";
import { load, refusal, type Sources } from "./_load.ts";

const SOURCE = "[OfflineMode]\nfileDataSource = flags.tar.gz\n";
const SOURCE_HINT =
  "set FILE_DATA_SOURCE, or fileDataSource in [OfflineMode] of the configuration file, to the path of an archive";

// A file as people have it: the Relay Proxy's sample, moved to offline mode.
const REAL_FILE = `; Relay Proxy, offline. Ask the platform team before you change this.
[main]
streamUri = "https://stream.launchdarkly.com"
baseUri = "https://app.launchdarkly.com"
exitOnError = false
port = 8030
; Heartbeats keep the load balancer from closing streams.
heartbeatInterval = 15s   # was 3m
maxClientConnectionTime = 30m
TLSEnabled = 1
TLSCert = "/etc/ssl/relay;prod/cert.pem"
TLSKey = /etc/ssl/relay/key.pem
logLevel = "WARN"

[events]
sendEvents = true
eventsUri = "https://events.launchdarkly.com"
capacity = 1000
maxInboundPayloadSize = 5MiB

; [redis]
; host = "localhost"

[redis]
localTtl = 30s

[OfflineMode]
fileDataSource = "/var/lib/relay/flags.tar.gz"
envAllowedOrigin = https://a.example,https://b.example
envAllowedOrigin = https://c.example
envAllowedHeader = X-Trace
`;

Deno.test("loadSettings() takes a Relay Proxy's file for what it means", () => {
  const { settings, warnings, origin } = load({ file: REAL_FILE });
  assertEquals({ settings, warnings, origin }, {
    settings: {
      ...DEFAULT_SETTINGS,
      port: 8030,
      heartbeatInterval: 15_000,
      maxClientConnectionTime: 1_800_000,
      tls: { cert: "/etc/ssl/relay;prod/cert.pem", key: "/etc/ssl/relay/key.pem", minVersion: "1.2" },
      logLevel: "warn",
      sendEvents: true,
      maxInboundPayloadSize: 5_242_880,
      fileDataSource: "/var/lib/relay/flags.tar.gz",
      envAllowedOrigin: ["https://a.example", "https://b.example", "https://c.example"],
      envAllowedHeader: ["X-Trace"],
    },
    warnings: [],
    origin: "configuration file relay.conf",
  });
});

Deno.test("loadSettings() reads every setting that is used from either source", () => {
  const file = `
    [Main]
    port = 1
    bindAddress = 127.0.0.1
    streamPort = 2
    maxConnectionsPerAddress = 3
    threads = 4
    heartbeatInterval = 1s
    maxClientConnectionTime = 2s
    pingStreamJitterTime = 3s
    shutdownDelay = 4s
    shutdownGracePeriod = 4s
    maxStreams = 9
    maxClientRequestBodySize = 7KiB
    maxPayloadBytesInFlight = 8MiB
    clientWriteMinBytesPerSecond = 0
    clientWriteSlack = 2s
    clientWriteMaxTime = 3s
    initTimeout = 5s
    tlsEnabled
    tlsCert = c
    tlsKey = k
    tlsMinVersion = 1.3
    logLevel = debug
    logFormat = json
    expiredCredentialCleanupInterval = 6s
    exitAlways
    exitOnError = yes
    ignoreConnectionErrors = on
    [OfflineMode]
    fileDataSource = f
    fileDataSourceMonitoringInterval = 7s
    maxArchiveSize = 8B
    envAllowedOrigin = o,p
    envAllowedHeader = h
    [Events]
    sendEvents = true
    maxInboundPayloadSize = 9B
    [AutoConfig]
    key = rel-key
    [Trust]
    mode = require
    allowedSigners = a
    revokedKeys = r
    threshold = 2
    audience = plant-7
    maxAge = 720h, HARD
    allowRollbackUntil = 2026-12-31T12:00:00Z
    cosignKeys = k
    cosignKeys = l
    [State]
    directory = /var/lib/halyard
  `;
  const env = {
    PORT: "1",
    BIND_ADDRESS: "127.0.0.1",
    STREAM_PORT: "2",
    MAX_CONNECTIONS_PER_ADDRESS: "3",
    THREADS: "4",
    HEARTBEAT_INTERVAL: "1s",
    MAX_CLIENT_CONNECTION_TIME: "2s",
    PING_STREAM_JITTER_TIME: "3s",
    SHUTDOWN_DELAY: "4s",
    SHUTDOWN_GRACE_PERIOD: "4s",
    MAX_STREAMS: "9",
    MAX_CLIENT_REQUEST_BODY_SIZE: "7KiB",
    MAX_PAYLOAD_BYTES_IN_FLIGHT: "8MiB",
    CLIENT_WRITE_MIN_BYTES_PER_SECOND: "0",
    CLIENT_WRITE_SLACK: "2s",
    CLIENT_WRITE_MAX_TIME: "3s",
    INIT_TIMEOUT: "5s",
    TLS_ENABLED: "1",
    TLS_CERT: "c",
    TLS_KEY: "k",
    TLS_MIN_VERSION: "1.3",
    LOG_LEVEL: "debug",
    LOG_FORMAT: "json",
    EXPIRED_CREDENTIAL_CLEANUP_INTERVAL: "6s",
    EXIT_ALWAYS: "1",
    EXIT_ON_ERROR: "1",
    IGNORE_CONNECTION_ERRORS: "1",
    FILE_DATA_SOURCE: "f",
    FILE_DATA_SOURCE_MONITORING_INTERVAL: "7s",
    MAX_ARCHIVE_SIZE: "8B",
    ENV_ALLOWED_ORIGIN: "o,p",
    ENV_ALLOWED_HEADER: "h",
    USE_EVENTS: "1",
    EVENTS_MAX_INBOUND_PAYLOAD_SIZE: "9B",
    AUTO_CONFIG_KEY: "rel-key",
    TRUST_MODE: "Require",
    TRUST_ALLOWED_SIGNERS: "a",
    TRUST_REVOKED_KEYS: "r",
    TRUST_THRESHOLD: "2",
    TRUST_AUDIENCE: "plant-7",
    TRUST_MAX_AGE: "30d hard",
    TRUST_ALLOW_ROLLBACK_UNTIL: "2026-12-31T13:00:00+01:00",
    TRUST_COSIGN_KEYS: "k,l",
    STATE_DIRECTORY: "/var/lib/halyard/",
  };
  for (const { settings } of [load({ file }), load({ env })]) {
    assertEquals(settings, {
      port: 1,
      bindAddress: "127.0.0.1",
      streamPort: 2,
      maxConnectionsPerAddress: 3,
      threads: 4,
      metricsPrefix: "launchdarkly_relay",
      ofrepReasons: "openfeature",
      heartbeatInterval: 1_000,
      maxClientConnectionTime: 2_000,
      pingStreamJitterTime: 3_000,
      shutdownDelay: 4_000,
      shutdownGracePeriod: 4_000,
      maxStreams: 9,
      maxClientRequestBodySize: 7_168,
      maxPayloadBytesInFlight: 8_388_608,
      clientWriteMinBytesPerSecond: 0,
      clientWriteSlack: 2_000,
      clientWriteMaxTime: 3_000,
      initTimeout: 5_000,
      tls: { cert: "c", key: "k", minVersion: "1.3" },
      logLevel: "debug",
      logFormat: "json",
      expiredCredentialCleanupInterval: 6_000,
      exitAlways: true,
      exitOnError: true,
      ignoreConnectionErrors: true,
      fileDataSource: "f",
      fileDataSourceMonitoringInterval: 7_000,
      maxArchiveSize: 8,
      envAllowedOrigin: ["o", "p"],
      envAllowedHeader: ["h"],
      sendEvents: true,
      maxInboundPayloadSize: 9,
      autoConfigKey: "rel-key",
      trust: {
        mode: "require",
        allowedSigners: "a",
        revokedKeys: "r",
        threshold: 2,
        audience: "plant-7",
        maxAge: { ms: 30 * 24 * 3_600_000, isHard: true },
        allowRollbackUntil: Date.UTC(2026, 11, 31, 12),
        cosignKeys: ["k", "l"],
      },
      stateDirectory: "/var/lib/halyard",
    });
  }
});

const ORIGINS: [sources: Sources, origin: string][] = [
  [{ file: SOURCE }, "configuration file relay.conf"],
  [{ file: SOURCE, env: {} }, "configuration file relay.conf plus environment variables"],
  [{ env: { FILE_DATA_SOURCE: "f" } }, "configuration from environment variables"],
  [{ file: SOURCE, args: [] }, "configuration file /etc/ld-relay.conf plus environment variables"],
  [{ env: { FILE_DATA_SOURCE: "f" }, args: [] }, "configuration from environment variables"],
  [
    { env: { FILE_DATA_SOURCE: "f" }, args: ["--config", "c", "--allow-missing-file", "--from-env"] },
    "configuration from environment variables",
  ],
];

Deno.test("loadSettings() says where settings come from in the Relay Proxy's words", () => {
  for (const [sources, origin] of ORIGINS) assertEquals(load(sources).origin, origin);
});

Deno.test("loadSettings() does not read the environment with --config alone, and no file with --from-env alone", () => {
  assertEquals(load({ file: SOURCE, env: { PORT: "1" }, args: ["--config", "c"] }).settings.port, 8030);
  const { settings } = load({
    file: "[Main]\nport = 1",
    env: { FILE_DATA_SOURCE: "f" },
    args: ["--from-env"],
  });
  assertEquals(settings.port, 8030);
});

Deno.test("loadSettings() lets the environment replace values, add to lists, and unset all but booleans", () => {
  const file =
    `[Main]\nport = 1\nheartbeatInterval = 1s\nexitAlways\ntlsCert = c\n${SOURCE}envAllowedOrigin = a,b`;
  const env = {
    PORT: "2",
    HEARTBEAT_INTERVAL: "",
    EXIT_ALWAYS: "",
    EXIT_ON_ERROR: "",
    TLS_CERT: "",
    ENV_ALLOWED_ORIGIN: "b,c",
    ENV_ALLOWED_HEADER: "",
    UNKNOWN: "x",
  };
  assertEquals(load({ file, env }).settings, {
    ...DEFAULT_SETTINGS,
    port: 2,
    exitAlways: true,
    fileDataSource: "flags.tar.gz",
    envAllowedOrigin: ["a", "b", "b", "c"],
  });
  assertEquals(refusal({ file, env: { FILE_DATA_SOURCE: "" } })[0], "environment");
  assertEquals(refusal({ file: SOURCE, env: { FILE_DATA_SOURCE: "" } })[0], "relay");
});

Deno.test("loadSettings() makes times that a timer can keep", () => {
  const { settings } = load({
    env: {
      FILE_DATA_SOURCE: "f",
      HEARTBEAT_INTERVAL: "-1s",
      MAX_CLIENT_CONNECTION_TIME: "1000h",
      SHUTDOWN_GRACE_PERIOD: "0",
    },
  });
  assertEquals(settings.heartbeatInterval, 0);
  assertEquals(settings.maxClientConnectionTime, 2_147_483_647);
  assertEquals(settings.shutdownGracePeriod, 0);
});

const NOTHING = "you must specify at least one environment in your configuration";

const NO_ARCHIVE: [sources: Sources, refusal: [stage: string, message: string, hint: string]][] = [
  [{ args: [] }, ["relay", NOTHING, SOURCE_HINT]],
  [{ file: "" }, ["relay", NOTHING, SOURCE_HINT]],
  [{ env: { FILE_DATA_SOURCE: "" } }, ["relay", NOTHING, SOURCE_HINT]],
  [{ env: { AUTO_CONFIG_KEY: "rel-key", ENV_ALLOWED_ORIGIN: "o" } }, ["relay", NOTHING, SOURCE_HINT]],
  [{ args: ["--config", "c", "--allow-missing-file"] }, ["relay", NOTHING, SOURCE_HINT]],
  [
    { file: "", env: { FILE_DATA_SOURCE: "f" }, args: ["--config", "c"] },
    ["relay", NOTHING, "FILE_DATA_SOURCE is set but not read: add --from-env"],
  ],
  [
    { args: ["--config", "/a/b"] },
    ["options", 'configuration file "/a/b" does not exist', "check the path, or add --allow-missing-file"],
  ],
];

Deno.test("loadSettings() says how to configure an archive when there is none", () => {
  for (const [sources, expected] of NO_ARCHIVE) assertEquals(refusal(sources), expected);
});

Deno.test("loadSettings() does without an archive where a command needs none", () => {
  const options = { env: { PORT: "9000" }, readFile: () => undefined, needsSource: false };
  const { settings } = loadSettings(parseCommandLine([]), options);
  assertEquals(settings, { ...DEFAULT_SETTINGS, port: 9000 });
});

Deno.test("loadSettings() refuses a file that is there and cannot be read", () => {
  function readFile(): never {
    throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  }
  const error = assertThrows(
    () => loadSettings(parseCommandLine(["--config", "c", "--allow-missing-file"]), { env: {}, readFile }),
    SettingsError,
    'failed to read configuration file "c": Permission denied (os error 13)',
  );
  assertEquals([error.stage, error.hint], ["file", "check the path and its permissions"]);
});
