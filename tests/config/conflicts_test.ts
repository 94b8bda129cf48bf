import { assertEquals } from "@std/assert";
import { load, refusal } from "./_load.ts";

const SOURCE = "[OfflineMode]\nfileDataSource = flags.tar.gz\n";
const SOURCE_HINT =
  "set FILE_DATA_SOURCE, or fileDataSource in [OfflineMode] of the configuration file, to the path of an archive";

const TLS = "TLS cert and key are required if TLS is enabled";
const TLS_HINT = "set tlsCert and tlsKey (TLS_CERT, TLS_KEY) to the paths of PEM files";
const NO_KEY = "must specify auto-configuration key if other auto-configuration properties are set";
const NO_KEY_HINT = "move them from [AutoConfig] to [OfflineMode]";
const NO_SOURCE = "must specify offline mode filename if other offline mode properties are set";
const ENVIRONMENTS = "cannot configure specific environments if offline mode is enabled";
const FILTERS = "cannot configure filters if offline mode is enabled";
const INTERVAL = "file data source monitoring interval must be >= 100ms";
const CLEANUP = "expired credential cleanup interval must be >= 100ms";
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
