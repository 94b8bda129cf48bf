import type { Server } from "node:net";
import type { Log } from "../observe/mod.ts";
import { BACKLOG } from "./transport.ts";

/** Time between two checks: ms. Connections may have ended meanwhile. */
const CHECK_INTERVAL = 1000;

/** Part of Node's server that it does not promise: the socket that listens. */
interface ListeningServer extends Server {
  _handle?: { listen(backlog: number): number } | null;
}

/**
 * Keeps a server accepting connections: Deno's stops for good, without a word, once it cannot accept one because of too many open
 * files. To listen once more on the same socket makes it look again, and changes nothing where nothing is wrong.
 *
 * @param server The server.
 * @param log Log of the lack of files.
 * @returns Function that ends it.
 */
export function keepAccepting(server: Server, log: Log): () => void {
  const noticeShortage = createShortageNotice(log);
  function check(): void {
    noticeShortage(areFilesUsedUp());
    (server as ListeningServer)._handle?.listen(BACKLOG);
  }
  const timer = setInterval(check, CHECK_INTERVAL);
  return () => clearInterval(timer);
}

/**
 * Creates the function that logs the beginning of each lack of files.
 *
 * @param log Log.
 * @returns Function to call from time to time with whether too many files are open.
 */
export function createShortageNotice(log: Log): (isShort: boolean) => void {
  let wasShort = false;
  return (isShort) => {
    if (isShort && !wasShort) {
      log.error("Cannot accept connections: too many files are open; trying again every second", {
        hint: "allow more open files (ulimit -n, or LimitNOFILE of systemd)",
      });
    }
    wasShort = isShort;
  };
}

/** Opens what can neither block nor be missing. Where that is not allowed, the lack of files is not logged. */
function areFilesUsedUp(): boolean {
  if (Deno.permissions.querySync({ name: "read", path: NOTHING }).state !== "granted") return false;
  try {
    Deno.openSync(NOTHING).close();
  } catch (error) {
    return (error as { code?: string }).code === "EMFILE";
  }
  return false;
}

/** File that is always there, on Linux and macOS. */
const NOTHING = "/dev/null";
