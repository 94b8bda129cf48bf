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
  assertEquals(load({ file: REAL_FILE }), {
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
    heartbeatInterval = 1s
    maxClientConnectionTime = 2s
    pingStreamJitterTime = 3s
    shutdownDelay = 4s
    shutdownGracePeriod = 4s
    maxStreams = 9
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
  `;
  const env = {
    PORT: "1",
    BIND_ADDRESS: "127.0.0.1",
    HEARTBEAT_INTERVAL: "1s",
    MAX_CLIENT_CONNECTION_TIME: "2s",
    PING_STREAM_JITTER_TIME: "3s",
    SHUTDOWN_DELAY: "4s",
    SHUTDOWN_GRACE_PERIOD: "4s",
    MAX_STREAMS: "9",
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
  };
  for (const { settings } of [load({ file }), load({ env })]) {
    assertEquals(settings, {
      port: 1,
      bindAddress: "127.0.0.1",
      heartbeatInterval: 1_000,
      maxClientConnectionTime: 2_000,
      pingStreamJitterTime: 3_000,
      shutdownDelay: 4_000,
      shutdownGracePeriod: 4_000,
      maxStreams: 9,
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

const TLS = "TLS cert and key are required if TLS is enabled";
const TLS_HINT = "set tlsCert and tlsKey (TLS_CERT, TLS_KEY) to the paths of PEM files";
const NO_KEY = "must specify auto-configuration key if other auto-configuration properties are set";
const NO_KEY_HINT = "move them from [AutoConfig] to [OfflineMode]";
const NO_SOURCE = "must specify offline mode filename if other offline mode properties are set";
const ENVIRONMENTS = "cannot configure specific environments if offline mode is enabled";
const FILTERS = "cannot configure filters if offline mode is enabled";
const INTERVAL = "file data source monitoring interval must be >= 100ms";
const CLEANUP = "expired credential cleanup interval must be >= 100ms";
const MAX_TIME = "client write max time must be >= client write slack";
const MAX_TIME_HINT = "raise clientWriteMaxTime (CLIENT_WRITE_MAX_TIME), or leave it out for no limit";
const PAYLOAD = "max inbound payload size must be greater than zero";
const ARCHIVE = "max archive size must be greater than zero";

/** What does not go together, said in a file and in the environment. */
const CONFLICTS: [
  file: string | undefined,
  env: Record<string, string> | undefined,
  message: string,
  hint: string,
][] = [
  ["[Main]\ntlsEnabled", { TLS_ENABLED: "1" }, TLS, TLS_HINT],
  ["[Main]\ntlsEnabled\ntlsCert=c", { TLS_ENABLED: "1", TLS_CERT: "c" }, TLS, TLS_HINT],
  ["[Main]\ntlsEnabled\ntlsKey=k", { TLS_ENABLED: "1", TLS_KEY: "k" }, TLS, TLS_HINT],
  ["[AutoConfig]\nenvDatastorePrefix=p", undefined, NO_KEY, NO_KEY_HINT],
  ["[AutoConfig]\nenvDatastoreTableName=p", undefined, NO_KEY, NO_KEY_HINT],
  ["[AutoConfig]\nenvAllowedOrigin=p", undefined, NO_KEY, NO_KEY_HINT],
  ["[AutoConfig]\nenvAllowedHeader=p", undefined, NO_KEY, NO_KEY_HINT],
  [undefined, { ENV_ALLOWED_ORIGIN: "o" }, `${NO_KEY}, ${NO_SOURCE}`, `${NO_KEY_HINT}; ${SOURCE_HINT}`],
  ["[OfflineMode]\nenvDatastorePrefix=p", undefined, NO_SOURCE, SOURCE_HINT],
  ["[OfflineMode]\nenvDatastoreTableName=p", undefined, NO_SOURCE, SOURCE_HINT],
  ["[OfflineMode]\nenvAllowedOrigin=p", undefined, NO_SOURCE, SOURCE_HINT],
  ["[OfflineMode]\nenvAllowedHeader=p", undefined, NO_SOURCE, SOURCE_HINT],
  [
    "[OfflineMode]\nfileDataSourceMonitoringInterval=1s",
    { FILE_DATA_SOURCE_MONITORING_INTERVAL: "1s" },
    NO_SOURCE,
    SOURCE_HINT,
  ],
  [
    `${SOURCE}fileDataSourceMonitoringInterval=99ms`,
    { FILE_DATA_SOURCE: "f", FILE_DATA_SOURCE_MONITORING_INTERVAL: "99.9ms" },
    INTERVAL,
    "leave it out for 1s",
  ],
  [
    "[Main]\nexpiredCredentialCleanupInterval=-1s",
    { EXPIRED_CREDENTIAL_CLEANUP_INTERVAL: "0" },
    CLEANUP,
    "leave it out for 1m",
  ],
  ["[Main]\nclientWriteMaxTime=4999ms", { CLIENT_WRITE_MAX_TIME: "1s" }, MAX_TIME, MAX_TIME_HINT],
  [
    "[Main]\nclientWriteMaxTime=9s\nclientWriteSlack=10s",
    { CLIENT_WRITE_MAX_TIME: "9s", CLIENT_WRITE_SLACK: "10s" },
    MAX_TIME,
    MAX_TIME_HINT,
  ],
  [
    "[Events]\nmaxInboundPayloadSize=0B",
    { EVENTS_MAX_INBOUND_PAYLOAD_SIZE: "-1KiB" },
    PAYLOAD,
    "leave it out for 10MiB",
  ],
  ["[OfflineMode]\nmaxArchiveSize=0", { MAX_ARCHIVE_SIZE: "0B" }, ARCHIVE, "leave it out for 64MiB"],
  [
    `${SOURCE}[Environment "b"]\nsdkKey=k\n[environment]\nfoo=bar`,
    undefined,
    ENVIRONMENTS,
    'remove [Environment "b"], [Environment]: environments come from the archive',
  ],
  [
    undefined,
    { FILE_DATA_SOURCE: "f", LD_ENV_b: "k", LD_ENV_a: "" },
    ENVIRONMENTS,
    "remove LD_ENV_a, LD_ENV_b: environments come from the archive",
  ],
  [
    `${SOURCE}[Filters "p"]\nkeys=k`,
    undefined,
    FILTERS,
    'remove [Filters "p"]: an archive holds whole environments',
  ],
  [
    undefined,
    { FILE_DATA_SOURCE: "f", LD_FILTER_KEYS_p: "k" },
    FILTERS,
    "remove LD_FILTER_KEYS_p: an archive holds whole environments",
  ],
  ...([
    ["Redis", "host=h", "USE_REDIS"],
    ["Redis", "port=6379", "USE_REDIS"],
    ["Redis", "url=redis://h", "USE_REDIS"],
    ["Consul", "host=h", "USE_CONSUL"],
    ["DynamoDB", "enabled", "USE_DYNAMODB"],
  ] as const).map(([section, line, variable]): typeof CONFLICTS[number] => [
    `${SOURCE}[${section}]\n${line}`,
    { FILE_DATA_SOURCE: "f", [variable]: "true" },
    `cannot use ${section}: data is kept in memory and needs no database`,
    `remove [${section}] from the configuration file, or unset ${variable}`,
  ]),
  [
    "[Main]\ntlsEnabled\n[Redis]\nhost=h\n[Consul]\nhost=h",
    undefined,
    `${TLS}, cannot use Redis: data is kept in memory and needs no database, ` +
    "cannot use Consul: data is kept in memory and needs no database",
    `${TLS_HINT}; remove [Redis] from the configuration file, or unset USE_REDIS; ` +
    "remove [Consul] from the configuration file, or unset USE_CONSUL",
  ],
];

Deno.test("loadSettings() refuses what does not go together, in the Relay Proxy's words", () => {
  for (const [file, env, message, hint] of CONFLICTS) {
    if (file !== undefined) assertEquals(refusal({ file }), ["file", message, hint]);
    if (env) assertEquals(refusal({ env }), ["environment", message, hint]);
  }
});

Deno.test("loadSettings() refuses a file that is valid only together with the environment", () => {
  const env = { FILE_DATA_SOURCE: "f", TLS_CERT: "c", TLS_KEY: "k" };
  assertEquals(refusal({ file: "[Main]\ntlsEnabled", env }), ["file", TLS, TLS_HINT]);
  assertEquals(refusal({ file: "[OfflineMode]\nenvAllowedOrigin=o", env }), ["file", NO_SOURCE, SOURCE_HINT]);
});

Deno.test("loadSettings() leaves alone what the Relay Proxy does not use either", () => {
  const file = `${SOURCE}[Redis]\nlocalTtl=30s\ntls\n[Consul]\ntoken=t\n[DynamoDB]\nenabled=false\ntableName=t
    [Prometheus]\nport=9000\n[Proxy]\nntlmAuth=false\n[Main]\ntlsCert=c\ntlsMinVersion=1.0`;
  const env = {
    REDIS_HOST: "h",
    REDIS_PORT: "tcp://10.0.0.1:6379",
    USE_REDIS: "0",
    LD_MOBILE_KEY_a: "k",
    REDIS_TTL: "1",
  };
  assertEquals(load({ file, env }).warnings, []);
});

const LINES_HINT = String.raw`a line is "[section]", "name = value" or "# comment"; ` +
  String.raw`a value with \, ", ; or # stands in double quotes, with \\ for \ and \" for "`;

/** What a file says, and why it cannot be read. */
const UNREADABLE: [file: string | Uint8Array, reason: string, hint: string][] = [
  [
    "[Main\nport=1",
    "line 1: expected subsection name or right bracket",
    LINES_HINT,
  ],
  [
    "[Main]\nport=1\nprot=2",
    'line 3: unsupported or misspelled section "Main", variable "prot"',
    'line 3: did you mean "port"?',
  ],
  [
    "[Main]\nfileDataSource=f",
    'line 2: unsupported or misspelled section "Main", variable "fileDataSource"',
    'line 2: did you mean "fileDataSource" in [OfflineMode]?',
  ],
  [
    "[Main]\ndisableInternalUsageMetrics",
    'line 2: unsupported or misspelled section "Main", variable "disableInternalUsageMetrics"',
    "line 2: see docs/settings.md for all names",
  ],
  ["[Offline]", 'line 1: unsupported or misspelled section "Offline"', "line 1: did you mean [OfflineMode]?"],
  [
    "[HTTP]\na=b",
    'line 1: unsupported or misspelled section "HTTP"',
    "line 1: see docs/settings.md for all names",
  ],
  [
    '[Main "a"]',
    'line 1: unsupported or misspelled section "Main", subsection "a"',
    "line 1: write [Main]",
  ],
  [
    "[Redis]\nenabled=true",
    'line 2: unsupported or misspelled section "Redis", variable "enabled"',
    'line 2: did you mean "enabled" in [Prometheus]?',
  ],
  [
    "[Main]\nport = x\nPORT = 0\nport",
    'line 2: not a valid integer at section "Main", variable "port", ' +
    'line 3: value must be greater than zero at section "Main", variable "port", ' +
    'line 4: blank value not supported for type at section "Main", variable "port"',
    "--help tells how each setting is written",
  ],
  [
    "[main]\nTLSENABLED = \n[Events]\nflushInterval=5\n[typo]",
    'line 2: not a valid boolean value (must be true/false, yes/no, or 0/1) at section "Main", variable "TLSENABLED", ' +
    'line 4: not a valid duration (must use format "1ms", "1s", "1m", etc.) at section "Events", variable "flushInterval", ' +
    'line 5: unsupported or misspelled section "typo"',
    "line 5: see docs/settings.md for all names",
  ],
  [
    "[AutoConfig]\nrel-0123-4567",
    'line 2: unsupported or misspelled section "AutoConfig", variable "rel..."',
    "line 2: see docs/settings.md for all names",
  ],
  [
    new Uint8Array(1024 ** 2 + 1),
    "file has 1048577 bytes, more than the 1048576 allowed",
    "check the path",
  ],
];

Deno.test("loadSettings() refuses a file that it cannot understand, with every line that is wrong", () => {
  for (const [file, reason, hint] of UNREADABLE) {
    assertEquals(refusal({ file }), [
      "file",
      `failed to read configuration file "relay.conf": ${reason}`,
      hint,
    ]);
  }
});

const BAD_VARIABLES: [env: Record<string, string>, message: string, hint: string][] = [
  [
    { PORT: "x", HEARTBEAT_INTERVAL: "15", USE_DATADOG: "maybe", TLS_ENABLED: "1" },
    'PORT: not a valid integer, HEARTBEAT_INTERVAL: not a valid duration (must use format "1ms", "1s", "1m", etc.), ' +
    "USE_DATADOG: not a valid boolean value (must be true/false, yes/no, or 0/1)",
    "--help tells how each setting is written",
  ],
  [
    { EVENTS_SAMPLING_INTERVAL: "1" },
    "EVENTS_SAMPLING_INTERVAL: this variable is no longer supported",
    "unset EVENTS_SAMPLING_INTERVAL",
  ],
];

Deno.test("loadSettings() collects what is wrong with environment variables before it looks at them together", () => {
  for (const [env, message, hint] of BAD_VARIABLES) {
    assertEquals(refusal({ env }), ["environment", message, hint]);
  }
  assertEquals(load({ env: { FILE_DATA_SOURCE: "f", EVENTS_SAMPLING_INTERVAL: "" } }).warnings, []);
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
  assertEquals([error.stage, error.hint], ["file", "check the path and who may read it"]);
});

const KEY = 'The relay key of [AutoConfig] is kept for the "pull" command: serving never uses it';

const WARNINGS: [file: string, env: Record<string, string>, warnings: string[]][] = [
  ["[AutoConfig]\nkey=rel-key", { AUTO_CONFIG_KEY: "rel-key", ENV_ALLOWED_ORIGIN: "o" }, [KEY]],
  [
    "[AutoConfig]\nkey=rel-key\nenvAllowedOrigin=o\nenvDatastorePrefix=p",
    {},
    [
      KEY,
      '"envDatastorePrefix" in [AutoConfig] has no effect: set it in [OfflineMode]',
      '"envAllowedOrigin" in [AutoConfig] has no effect: set it in [OfflineMode]',
    ],
  ],
  ["envDatastorePrefix=p\nenvDatastoreTableName=t", {
    ENV_DATASTORE_PREFIX: "p",
    ENV_DATASTORE_TABLE_NAME: "t",
  }, [
    '"envDatastorePrefix" in [OfflineMode] has no effect: there is no database',
    '"envDatastoreTableName" in [OfflineMode] has no effect: there is no database',
  ]],
  [
    "[Main]\ntlsEnabled\ntlsCert=c\ntlsKey=k\ntlsMinVersion=1.1",
    { TLS_ENABLED: "1", TLS_CERT: "c", TLS_KEY: "k", TLS_MIN_VERSION: "1.1" },
    ["TLS 1.1 is not served: the least version is 1.2"],
  ],
  ...["Prometheus", "Datadog", "Stackdriver"].map((name): [string, Record<string, string>, string[]] => [
    `[${name}]\nenabled`,
    { [`USE_${name.toUpperCase()}`]: "1" },
    [`[${name}] has no effect yet: metrics are not exported`],
  ]),
  ["[OpenTelemetry]\nenabled\nprotocol=http/protobuf", { USE_OTLP: "1" }, [
    "[OpenTelemetry] has no effect yet: metrics are not exported",
  ]],
  ["[Datadog]\nenabled\ntag=a:b\ntag\ntag=c:d", { USE_DATADOG: "1", DATADOG_TAG_a: "b" }, [
    "[Datadog] has no effect yet: metrics are not exported",
  ]],
  [
    "[Concurrency]\nmaxConcurrent=8\nmaxQueued=0\nsendTimeout=2m",
    { INIT_MAX_CONCURRENT: "0", INIT_MAX_QUEUED: "9", INIT_SEND_TIMEOUT: "5s" },
    ["[Concurrency] has no effect: data that clients share is sent to all at once, and slow ones hold up nobody"],
  ],
  ["[Proxy]\nurl=http://proxy\nuser=u\npassword=secret\ncaCertFiles=a,b", { PROXY_URL: "http://proxy" }, [
    "[Proxy] has no effect yet: serving makes no outbound connection",
  ]],
];

Deno.test("loadSettings() warns of what is accepted and has no effect, once and without secrets", () => {
  for (const [file, env, warnings] of WARNINGS) {
    assertEquals(load({ file: SOURCE + file }).warnings, warnings);
    assertEquals(load({ file: SOURCE + file, env: {} }).warnings, warnings);
    if (Object.keys(env).length > 0) {
      assertEquals(load({ env: { FILE_DATA_SOURCE: "f", ...env } }).warnings, warnings);
    }
  }
});
