import type { LogLevel } from "../observe/mod.ts";

/** TLS certificate of the relay. */
export interface TlsSettings {
  /** Path of the certificate chain: PEM. */
  cert: string;
  /** Path of the private key: PEM. */
  key: string;
  /** Minimum TLS version. */
  minVersion: "1.2" | "1.3";
}

/** Listener of metrics for Prometheus. */
export interface PrometheusSettings {
  /** TCP port: 1 to 65535; 0 in tests, for any free port. */
  port: number;
}

/** Listener for operators. */
export interface AdminSettings {
  /** TCP port: 1 to 65535; 0 in tests, for any free port. */
  port: number;
  /** IP address or host name to listen on. */
  bindAddress: string;
  /** The explorer. Absent: none. */
  explorer?: ExplorerSettings;
}

/** The explorer, on the listener for operators. */
export interface ExplorerSettings {
  /** Token that opens it: ASCII, 16 to 1000 characters. A secret: never log it. Absent: it is open, on a loopback address. */
  token?: string;
  /** Names or addresses besides those of loopback by which it may be asked for, as `normalizeHost()` has them. */
  hosts: string[];
}

/** Who may say what is served. */
export interface TrustSettings {
  /** What happens to a file that is not signed as it has to be: nothing, a warning, or it is refused. */
  mode: "off" | "warn" | "require";
  /** Path of the allowed_signers file. */
  allowedSigners?: string;
  /** Path of a file of public keys that count no more. */
  revokedKeys?: string;
  /** Paths of public keys of cosign. */
  cosignKeys: string[];
  /** Number of keys that must have signed. */
  threshold: number;
  /** Name of this site. Absent: files for any are good. */
  audience?: string;
  /** Age at which a file is stale: ms; and whether new ones that are stale are refused. */
  maxAge?: { ms: number; isHard: boolean };
  /** Until when one file of an older release is let in: ms since epoch. */
  allowRollbackUntil?: number;
}

/** All settings, parsed and checked. Times are ms, sizes bytes. */
export interface Settings {
  /** TCP port to listen on: 1 to 65535; 0 in tests, for any free port. */
  port: number;
  /** IP address or host name to listen on. `::` is all addresses of both families. */
  bindAddress: string;
  /** Second TCP port, for fleets of streams: 1 to 65535; 0 in tests, for any free port. Absent: none. */
  streamPort?: number;
  /** Absolute path of a Unix socket on which the same is served. Absent: none. */
  unixSocket?: string;
  /** Maximum number of connections to `streamPort` from one address; 0 for no limit. */
  maxConnectionsPerAddress: number;
  /** Number of threads that serve; `auto` for one for each processor core. */
  threads: number | "auto";
  /** Certificate to serve with. Absent: plain HTTP. */
  tls?: TlsSettings;
  /** Listener of metrics. Absent: none. */
  prometheus?: PrometheusSettings;
  /** Listener for operators. Absent: what it serves but metrics is on the others. */
  admin?: AdminSettings;
  /** Prefix of the names that the Relay Proxy's metrics have. */
  metricsPrefix: string;
  /** Heartbeat interval of streams: ms; 0 for none. */
  heartbeatInterval: number;
  /** Maximum lifetime of a stream: ms; 0 for no limit. */
  maxClientConnectionTime: number;
  /** Maximum delay of a `ping` after a reload: ms; 0 for none. Pings are spread over its upper half. */
  pingStreamJitterTime: number;
  /** Time that serving continues after a stop signal, while not ready: ms; 0 for none. */
  shutdownDelay: number;
  /** Grace period of open requests after that: ms; 0 to close them at once. */
  shutdownGracePeriod: number;
  /** Maximum number of open streams. */
  maxStreams: number;
  /** Maximum size of a context in a request body: bytes. */
  maxClientRequestBodySize: number;
  /** Memory that the process may use: bytes. Absent: the limit of its container. */
  memoryLimit?: number;
  /** Budget of what is made for one client alone: bytes. Each kind of credential has a third. */
  maxPayloadBytesInFlight: number;
  /** Minimum rate at which a client reads: bytes a second; 0 for none. */
  clientWriteMinBytesPerSecond: number;
  /** Allowance before that rate counts: ms. */
  clientWriteSlack: number;
  /** Maximum time of one answer or event: ms; 0 for no limit. */
  clientWriteMaxTime: number;
  /** Start-up timeout of the Relay Proxy: ms. */
  initTimeout: number;
  /** Whether a failed environment ends the program at start. */
  exitOnError: boolean;
  /** Whether to load, report and exit rather than serve. */
  exitAlways: boolean;
  /** Whether to start in spite of failed environments. */
  ignoreConnectionErrors: boolean;
  /** Interval of removing expired credentials: ms, 100 or more. */
  expiredCredentialCleanupInterval: number;
  /** Minimum log level. */
  logLevel: LogLevel;
  /** Log format. */
  logFormat: "text" | "json";
  /** Path of the archive. */
  fileDataSource: string;
  /** Poll interval of the archive: ms, 100 or more. */
  fileDataSourceMonitoringInterval: number;
  /** Maximum size of the archive, compressed: bytes. */
  maxArchiveSize: number;
  /** Who may say what is served. */
  trust: TrustSettings;
  /** Absolute path of the directory for what a restart remembers. Absent: nothing is written. */
  stateDirectory?: string;
  /** Path of the file of overrides. Absent: none. */
  overridesFile?: string;
  /** Origins allowed to browsers; empty for all. */
  envAllowedOrigin: string[];
  /** Request headers allowed to browsers besides the SDKs' own. */
  envAllowedHeader: string[];
  /** Words for the reasons of values in OFREP. */
  ofrepReasons: "openfeature" | "launchdarkly";
  /** Whether the operator expects events to be sent. They never are: it changes a log line. */
  sendEvents: boolean;
  /** Maximum size of an event body: bytes. */
  maxInboundPayloadSize: number;
  /** Relay key for the command `pull` of halyard-courier. A secret: never log it. Serving never uses it. */
  autoConfigKey?: string;
}

/** Settings that a running relay applies: those marked so in the table. */
export type LiveSettings = Pick<
  Settings,
  "logLevel" | "heartbeatInterval" | "maxStreams" | "envAllowedOrigin" | "envAllowedHeader"
>;
