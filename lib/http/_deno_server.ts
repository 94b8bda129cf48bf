import { setTimeout } from "node:timers/promises";
import type { Log } from "../observe/mod.ts";
import { BACKLOG, type Handler, type Server, WEB_TRANSPORT } from "./transport.ts";

/** Delay before listening again: ms. Connections may have ended meanwhile. */
const RETRY_DELAY = 1000;

/** Options for {@linkcode serveSteadily}: those of `Deno.serve`, a log, and whether the handler learns who asks. */
export type SteadyOptions = Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem> & {
  log: Log;
  tellsAddresses?: boolean | undefined;
};

/**
 * Runs `Deno.serve`, and restarts it when it gives up: it does, for good, once it cannot accept a connection because of too many
 * open files. Requests and streams under way are not touched by that.
 *
 * @param handler Answers each request.
 * @param options Address, certificate, what to do about errors, and the log.
 * @returns The running server.
 * @throws {Error} When it cannot listen at first.
 */
export function serveSteadily(handler: Handler, { log, tellsAddresses, ...rest }: SteadyOptions): Server {
  const options = { ...rest, tcpBacklog: BACKLOG };
  // A new certificate needs a new listener, on a port that the old one still has.
  if (options.cert !== undefined && canSharePorts()) options.reusePort = true;
  // Deno would hand over what it knows of the connection.
  const answer: Deno.ServeHandler<Deno.NetAddr> = tellsAddresses
    ? (request, { remoteAddr }) => handler(request, { ...WEB_TRANSPORT, address: remoteAddr.hostname })
    : (request) => handler(request);
  const closing = new AbortController();
  const replaced = new Set<Promise<void>>();
  let server = Deno.serve(options, answer);
  const { addr } = server;

  async function keepListening(watched: Deno.HttpServer<Deno.NetAddr>): Promise<void> {
    let cause = await failureOf(watched);
    function isOver(): boolean {
      return server !== watched || closing.signal.aborted;
    }
    while (cause && !isOver()) {
      log.error("Cannot accept connections; listening again soon", {
        error: cause,
        hint: "allow more open files (ulimit -n, or LimitNOFILE of systemd)",
      });
      await setTimeout(RETRY_DELAY, undefined, { signal: closing.signal }).catch(() => {});
      if (isOver()) return;
      try {
        listenAgain();
      } catch (error) {
        cause = (error as Error).message;
      }
    }
  }

  function listenAgain(): void {
    server = Deno.serve({ ...options, port: addr.port }, answer);
    keepListening(server);
  }

  keepListening(server);
  return {
    addr,
    async shutdown() {
      closing.abort();
      await Promise.all([server.shutdown(), ...replaced]);
    },
    setCertificate(certificate) {
      if (!options.reusePort) {
        throw new Error("Deno can listen again on the same port with --unstable-net only");
      }
      const old = server;
      Object.assign(options, certificate);
      listenAgain();
      // It no longer accepts connections, and ends with its last stream.
      const ended = old.shutdown().catch(() => {}).finally(() => replaced.delete(ended));
      replaced.add(ended);
    },
  };
}

/** Reports whether several servers may listen on one port. To try it without the permission would end the process. */
function canSharePorts(): boolean {
  return "listenDatagram" in Deno;
}

/** Waits for a server to end. Returns the reason, unless it was shut down. */
async function failureOf(server: Deno.HttpServer): Promise<string | undefined> {
  try {
    await server.finished;
  } catch (error) {
    return (error as Error).message;
  }
}
