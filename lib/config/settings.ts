import type { LogLevel } from "../observe/mod.ts";
import { toSettings } from "./_to_settings.ts";
import { noValues } from "./_values.ts";

/** The certificate that the relay serves with. */
export interface TlsSettings {
  /** Path of the certificate chain: PEM. */
  cert: string;
  /** Path of the private key: PEM. */
  key: string;
  /** Least version that is served. */
  minVersion: "1.2" | "1.3";
}

/** Everything that can be set, read and checked. All times are ms, all sizes bytes. */
export interface Settings {
  /** TCP port to listen on: 1 to 65535; a test may give 0, for any free one. */
  port: number;
  /** IP address or host name to listen on. `::` is all addresses of both families. */
  bindAddress: string;
  /** Certificate to serve with. Absent: plain HTTP. */
  tls?: TlsSettings;
  /** Time between two heartbeats on a stream: ms; 0 for none. */
  heartbeatInterval: number;
  /** How long a stream stays open: ms; 0 for no limit. */
  maxClientConnectionTime: number;
  /** Longest delay of a `ping` after a reload: ms; 0 for none. Each is spread over the upper half of it. */
  pingStreamJitterTime: number;
  /** How long serving goes on after a signal to stop, while the relay says that it is not ready: ms; 0 for not at all. */
  shutdownDelay: number;
  /** How long open requests may go on after that: ms; 0 to cut them at once. */
  shutdownGracePeriod: number;
  /** Largest number of open streams. */
  maxStreams: number;
  /** Memory for what is made for one client alone: bytes. Each kind of credential has a third. */
  maxPayloadBytesInFlight: number;
  /** Minimum rate at which a client reads: bytes a second; 0 for none. */
  clientWriteMinBytesPerSecond: number;
  /** Allowance before that rate counts: ms. */
  clientWriteSlack: number;
  /** Longest time for one answer or event: ms; 0 for no limit. */
  clientWriteMaxTime: number;
  /** Time the Relay Proxy allows for start-up: ms. */
  initTimeout: number;
  /** Whether a failed environment ends the program at start. */
  exitOnError: boolean;
  /** Whether to load, report and exit rather than serve. */
  exitAlways: boolean;
  /** Whether to start in spite of failed environments. */
  ignoreConnectionErrors: boolean;
  /** Time between two looks for credentials that have expired: ms, 100 or more. */
  expiredCredentialCleanupInterval: number;
  /** Least level that is logged. */
  logLevel: LogLevel;
  /** How a log line is written. */
  logFormat: "text" | "json";
  /** Path of the archive. */
  fileDataSource: string;
  /** Time between two looks at the archive's file: ms, 100 or more. */
  fileDataSourceMonitoringInterval: number;
  /** Largest archive that is read, compressed: bytes. */
  maxArchiveSize: number;
  /** Origins that browsers may call from; empty for all. */
  envAllowedOrigin: string[];
  /** Request headers that browsers may send besides the SDKs' own. */
  envAllowedHeader: string[];
  /** Whether the operator expects events to be sent. They never are: it changes a log line. */
  sendEvents: boolean;
  /** Largest event body that is read: bytes. */
  maxInboundPayloadSize: number;
  /** Relay key for the `pull` command. A secret: never log it. Serving never uses it. */
  autoConfigKey?: string;
}

/** What holds where nothing is set. There is no default archive: `fileDataSource` is empty. */
export const DEFAULT_SETTINGS: Readonly<Settings> = toSettings(noValues());
