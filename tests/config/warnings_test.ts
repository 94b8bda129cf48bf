import { assertEquals } from "@std/assert";
import { load } from "./_load.ts";

const SOURCE = "[OfflineMode]\nfileDataSource = flags.tar.gz\n";

const KEY = 'The relay key of [AutoConfig] is kept for the "pull" command: serving never uses it';

const PUSH = "it would be an outbound connection; [Prometheus] (USE_PROMETHEUS) serves metrics";

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
    ["TLS 1.1 is not supported: the minimum TLS version is 1.2"],
  ],
  ["[Main]\nunixSocket=/run/a.sock\nthreads=2", { UNIX_SOCKET: "/run/a.sock", THREADS: "auto" }, [
    "A Unix socket is served by one thread alone, however many THREADS ([Main] threads) there are",
  ]],
  [
    "[Admin]\nport=8032\ntoken=correct-horse-battery",
    { ADMIN_HOSTS: "halyard.example" },
    [
      "ADMIN_TOKEN ([Admin] token) and ADMIN_HOSTS (hosts) have no effect: they protect the explorer, which ADMIN_EXPLORER (explorer) serves",
    ],
  ],
  ["[Main]\nunixSocket=/run/a.sock\nthreads=1", { UNIX_SOCKET: "/run/a.sock" }, []],
  ...["Datadog", "Stackdriver"].map((name): [string, Record<string, string>, string[]] => [
    `[${name}]\nenabled`,
    { [`USE_${name.toUpperCase()}`]: "1" },
    [`[${name}] has no effect: ${PUSH}`],
  ]),
  ["[OpenTelemetry]\nenabled\nprotocol=http/protobuf", { USE_OTLP: "1" }, [
    `[OpenTelemetry] has no effect: ${PUSH}`,
  ]],
  ["[Datadog]\nenabled\ntag=a:b\ntag\ntag=c:d", { USE_DATADOG: "1", DATADOG_TAG_a: "b" }, [
    `[Datadog] has no effect: ${PUSH}`,
  ]],
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
