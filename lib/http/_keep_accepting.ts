import type { Server } from "node:net";
import type { Log } from "../observe/mod.ts";
import { BACKLOG } from "./transport.ts";

/** Time between two checks: ms. Connections may have ended meanwhile. */
const CHECK_INTERVAL = 1000;

/** Part of Node's server that it does not promise: the socket that listens. */
interface ListeningServer extends Server {
  _handle?: { listen(backlog: number): number } | null;
}

/** Options for {@linkcode keepAccepting}. */
export interface KeepAcceptingOptions {
  /** Path of a file that may be opened, to find out whether descriptors are used up. */
  probe: string;
  /** Log. */
  log: Log;
}

/**
 * Keeps a server accepting connections: Deno's stops for good, without a word, once it cannot accept one because of too many open
 * files. To listen once more on the same socket makes it look again, and changes nothing where nothing is wrong.
 *
 * @param server The server.
 * @param options How to find out, and where to say, that files are used up.
 * @returns Function that ends it.
 */
export function keepAccepting(server: Server, { probe, log }: KeepAcceptingOptions): () => void {
  let isShort = false;
  function check(): void {
    const wasShort = isShort;
    isShort = areFilesUsedUp(probe);
    if (isShort && !wasShort) {
      log.error("Cannot accept connections: too many files are open; trying again every second", {
        hint: "allow more open files (ulimit -n, or LimitNOFILE of systemd)",
      });
    }
    (server as ListeningServer)._handle?.listen(BACKLOG);
  }
  const timer = setInterval(check, CHECK_INTERVAL);
  return () => clearInterval(timer);
}

function areFilesUsedUp(probe: string): boolean {
  try {
    Deno.openSync(probe).close();
  } catch (error) {
    return (error as { code?: string }).code === "EMFILE";
  }
  return false;
}
