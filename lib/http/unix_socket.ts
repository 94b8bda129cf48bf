import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../observe/mod.ts";
import { createFailureAnswer } from "./_failure_answer.ts";
import { createShortageNotice } from "./_keep_accepting.ts";
import { close, createNodeServer } from "./_node_server.ts";
import { clearPath, explainSocketError, type SocketNode, statPath } from "./_socket_path.ts";
import { BACKLOG, type Handler, type Server } from "./transport.ts";

/** Time between two checks that connections are accepted: ms. */
const CHECK_INTERVAL = 1_000;

/** Checks in a row without an accepted connection after which it listens again. One may come too early, after a long pause of the process. */
const TOLERATED_MISSES = 2;

/** Time between two looks whether the last connection has ended: ms. */
const DRAIN_INTERVAL = 50;

/** Options for {@linkcode listenUnix}. */
export interface UnixListenOptions {
  /** Absolute path of the socket. Its mode follows from the umask of the process. */
  path: string;
  /** The one path that this program may listen on. @default {it is not known} */
  onlyPath?: string | undefined;
}

/**
 * Listens on a Unix socket and answers requests, by Node's server: a stream takes a third of the memory that it takes with
 * `Deno.serve`. A socket that a process left behind is replaced; one that is removed while it is served is made again.
 *
 * @param handler Answers each request.
 * @param options Path of the socket.
 * @param log Log of handlers that fail, and of a socket that does not accept connections.
 * @returns The running server; `shutdown` removes the socket.
 * @throws {ListenError} When it cannot listen.
 */
export async function listenUnix(
  handler: Handler,
  { path, onlyPath }: UnixListenOptions,
  log: Log,
): Promise<Pick<Server, "shutdown">> {
  const socket = new UnixSocket(handler, path, log);
  try {
    await socket.open();
  } catch (error) {
    throw explainSocketError(error, path, onlyPath);
  }
  const noticeShortage = createShortageNotice(log);
  let missed = 0;
  let problem = "";
  async function check(): Promise<void> {
    missed = socket.takeAccepted() > 0 ? 0 : missed + 1;
    if (missed > TOLERATED_MISSES) await listenAgain();
    const isShort = await areFilesUsedUp(path);
    noticeShortage(isShort);
    // What cannot be asked for is not missed.
    if (isShort) missed = 0;
  }
  async function listenAgain(): Promise<void> {
    try {
      await socket.reopen();
      missed = 0;
      problem = "";
      log.warn("The Unix socket took no connections or was gone: listening again", { path });
    } catch (error) {
      const { message, hint } = explainSocketError(error, path, onlyPath);
      if (message !== problem) log.error(message, { hint });
      problem = message;
    }
  }
  const closing = new AbortController();
  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await wait(CHECK_INTERVAL, undefined, { signal: closing.signal }).catch(() => {});
      if (!closing.signal.aborted) await check();
    }
  }
  const watched = watch();
  return {
    async shutdown() {
      closing.abort();
      await watched;
      await socket.close();
    },
  };
}

/**
 * Connects to a socket, for its server to accept. Deno's stops for good, without a word, once it cannot accept a connection
 * because of too many open files. Returns whether there are too many.
 */
async function areFilesUsedUp(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    return (error as { code?: string }).code === "EMFILE";
  }
  return false;
}

/** A Unix socket and the servers that answer what came in by it: those before, until their last connection has ended. */
class UnixSocket {
  readonly #handler: Handler;
  readonly #path: string;
  readonly #log: Log;
  #server: HttpServer | undefined;
  #node: SocketNode | undefined;
  #accepted = 0;
  readonly #closed = new Set<Promise<void>>();

  constructor(handler: Handler, path: string, log: Log) {
    this.#handler = handler;
    this.#path = path;
    this.#log = log;
  }

  /** Returns how many connections have come in since the last call. */
  takeAccepted(): number {
    const accepted = this.#accepted;
    this.#accepted = 0;
    return accepted;
  }

  async open(): Promise<void> {
    await clearPath(this.#path);
    const server = createNodeServer(this.#handler, { onError: createFailureAnswer(this.#log) });
    server.on("connection", () => this.#accepted++);
    server.listen({ path: this.#path, backlog: BACKLOG });
    await once(server, "listening");
    this.#server = server;
    this.#node = statPath(this.#path);
  }

  async reopen(): Promise<void> {
    if (this.#isTaken()) await clearPath(this.#path);
    this.#retire();
    await this.open();
  }

  async close(): Promise<void> {
    this.#retire();
    await Promise.all(this.#closed);
  }

  #retire(): void {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    // Closing it removes what is at the path, whoever made that. So it rather listens, unreachable, until the process ends.
    const ended = this.#isTaken() ? drain(server) : close(server);
    const closed = ended.finally(() => this.#closed.delete(closed));
    this.#closed.add(closed);
  }

  /** Whether something else is at the path, or may be. */
  #isTaken(): boolean {
    try {
      const found = statPath(this.#path);
      return found !== undefined && (found.dev !== this.#node?.dev || found.ino !== this.#node.ino);
    } catch {
      return true;
    }
  }
}

/** Waits until a server that listens on has no connection any more. */
async function drain(server: HttpServer): Promise<void> {
  server.unref();
  while (await countConnections(server) > 0) {
    server.closeIdleConnections();
    await wait(DRAIN_INTERVAL);
  }
}

function countConnections(server: HttpServer): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}
