import { setTimeout } from "node:timers/promises";
import type { Log } from "../observe/mod.ts";
import { BACKLOG, type Handler, type Server } from "./transport.ts";

/** Delay before listening again: ms. Connections may have ended meanwhile. */
const RETRY_DELAY = 1000;

/** Options for {@linkcode serveSteadily}: those of `Deno.serve`, and a log. */
export type SteadyOptions = Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem> & { log: Log };

/**
 * Runs `Deno.serve`, and restarts it when it gives up: it does, for good, once it cannot accept a connection because of too many
 * open files. Requests and streams under way are not touched by that.
 *
 * @param handler Answers each request.
 * @param options Address, certificate, what to do about errors, and the log.
 * @returns The running server.
 * @throws {Error} When it cannot listen at first.
 */
export function serveSteadily(handler: Handler, { log, ...rest }: SteadyOptions): Server {
  const options = { ...rest, tcpBacklog: BACKLOG };
  // Deno would hand over what it knows of the connection.
  const answer = (request: Request): Response | Promise<Response> => handler(request);
  const closing = new AbortController();
  let server = Deno.serve(options, answer);
  const { addr } = server;

  async function keepListening(): Promise<void> {
    let cause = await failureOf(server);
    while (cause && !closing.signal.aborted) {
      log.error("Cannot accept connections; listening again soon", {
        error: cause,
        hint: "allow more open files (ulimit -n, or LimitNOFILE of systemd)",
      });
      await setTimeout(RETRY_DELAY, undefined, { signal: closing.signal }).catch(() => {});
      if (closing.signal.aborted) return;
      try {
        server = Deno.serve({ ...options, port: addr.port }, answer);
        cause = await failureOf(server);
      } catch (error) {
        cause = (error as Error).message;
      }
    }
  }

  keepListening();
  return {
    addr,
    shutdown() {
      closing.abort();
      return server.shutdown();
    },
  };
}

/** Waits for a server to end. Returns the reason, unless it was shut down. */
async function failureOf(server: Deno.HttpServer): Promise<string | undefined> {
  try {
    await server.finished;
  } catch (error) {
    return (error as Error).message;
  }
}
