import { freePort, type RelayProcess, startRelay } from "../../tests/e2e/_relay.ts";
import type { Transport } from "./transports.ts";

/** A relay of the soak, and how it is reached. */
export interface SoakRelay {
  /** Name. */
  name: string;
  /** Its process. */
  process: RelayProcess;
  /** What it is reached by. */
  transports: Transport[];
}

/** As in packaging/halyard.service. */
const MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };

const FIXTURES = new URL("../../tests/fixtures/tls/", import.meta.url);

/** Names of all transports, with the relay that each is on. */
const TRANSPORTS: Record<string, string> = {
  "port": "plain",
  "stream-port": "plain",
  "tls": "TLS",
  "h2": "TLS",
  "tls1.3": "TLS 1.3",
};

/** Names of all transports. */
export const TRANSPORT_NAMES: string[] = Object.keys(TRANSPORTS);

/**
 * Starts as many relays as some transports need, all with the same archive.
 *
 * @param path Path of the archive.
 * @param names Names of the transports.
 * @param stack What ends them.
 * @returns The relays.
 */
export async function startRelays(
  path: string,
  names: string[],
  stack: AsyncDisposableStack,
): Promise<SoakRelay[]> {
  const ca = await Deno.readTextFile(new URL("ca.pem", FIXTURES));
  const tls = {
    TLS_ENABLED: "true",
    TLS_CERT: new URL("localhost.pem", FIXTURES).pathname,
    TLS_KEY: new URL("localhost.key", FIXTURES).pathname,
  };
  const streamPort = freePort();
  const settings: Record<string, Record<string, string>> = {
    "plain": { STREAM_PORT: `${streamPort}` },
    "TLS": tls,
    "TLS 1.3": { ...tls, TLS_MIN_VERSION: "1.3" },
  };
  const needed = [...new Set(names.map((name) => TRANSPORTS[name]!))];
  return await Promise.all(needed.map(async (relay) => {
    // In a session of their own, so that Ctrl-C does not end them before the soak.
    const env = { ...MALLOC, FILE_DATA_SOURCE: path, ...settings[relay] };
    const process = stack.use(await startRelay({ env, wrapper: ["setsid"] }));
    const transports = names.filter((name) => TRANSPORTS[name] === relay).map((name): Transport => ({
      name,
      port: name === "stream-port" ? streamPort : process.port,
      isHttp2: name === "h2",
      ...relay !== "plain" && { ca },
    }));
    return { name: relay, process, transports };
  }));
}
