import type { Log } from "../observe/mod.ts";
import { serveSteadily } from "./_deno_server.ts";
import { serveTls13 } from "./_https_server.ts";

/** The relay cannot listen: the port is taken, the address is not this host's, or a certificate cannot be used. */
export class ListenError extends Error {
  /** The name of the class. */
  override readonly name = "ListenError";
  /** What to do about it. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message What could not be done and why.
   * @param hint What to do about it.
   * @param cause The error behind it.
   */
  constructor(message: string, hint: string, cause: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export type Server = Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "shutdown">;

/** Where to listen and with what. */
export interface ListenOptions {
  /** TCP port; 0 for any free one. */
  port: number;
  /** IP address or host name. */
  bindAddress: string;
  /** Paths of a PEM certificate and its key, and the least version of TLS; plain HTTP when absent. */
  tls?: { cert: string; key: string; minVersion: "1.2" | "1.3" };
}

/**
 * Listens and answers requests.
 *
 * The default address `::` takes both families; on a host without IPv6 it falls back to `0.0.0.0`.
 *
 * @param handler Answers each request.
 * @param options Port, address and certificate.
 * @param log Is told of handlers that fail; the request itself is not logged.
 * @returns The running server.
 * @throws {ListenError} When it cannot listen or the certificate cannot be used.
 */
export async function listen(handler: Handler, options: ListenOptions, log: Log): Promise<Server> {
  const { port, bindAddress, tls } = options;
  const pem = tls && { cert: await readPem(tls.cert), key: await readPem(tls.key) };

  function onError(error: unknown): Response {
    log.error(`Cannot answer a request: ${error instanceof Error ? error.stack ?? error.message : error}`);
    return new Response(null, { status: 500 });
  }

  async function serve(hostname: string): Promise<Server> {
    const address = { port, hostname, onError };
    try {
      if (pem && tls.minVersion === "1.3") return await serveTls13(handler, { ...address, ...pem });
      return serveSteadily(handler, { ...address, ...pem, onListen: () => {}, log });
    } catch (error) {
      if (hostname === "::" && isAddressFamilyMissing(error)) return await serve("0.0.0.0");
      throw listenError(error, { ...options, bindAddress: hostname });
    }
  }

  return await serve(bindAddress);
}

/** Linux says "Address family not supported" (os error 97) or, with IPv6 disabled, "Cannot assign requested address". */
function isAddressFamilyMissing(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable ||
    (error instanceof Error && error.message.includes("os error 97"));
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new ListenError(
      `Cannot read "${path}" for TLS: ${(error as Error).message}`,
      "check TLS_CERT and TLS_KEY ([Main] tlsCert, tlsKey) and who may read these files",
      error,
    );
  }
}

function listenError(error: unknown, { port, bindAddress, tls }: ListenOptions): ListenError {
  const { message } = error as Error;
  if (tls && isAboutCertificate(error)) {
    return new ListenError(
      `Cannot serve TLS with "${tls.cert}" and "${tls.key}": ${message}`,
      "TLS_CERT ([Main] tlsCert) must be a certificate in PEM, TLS_KEY (tlsKey) its own private key, without a password",
      error,
    );
  }
  const hint = LISTEN_HINTS.find(([type]) => error instanceof type)?.[1];
  return new ListenError(
    `Cannot listen on port ${port} of "${bindAddress}": ${message}`,
    hint ?? "check PORT and BIND_ADDRESS ([Main] port, bindAddress)",
    error,
  );
}

const LISTEN_HINTS: [type: new () => Error, hint: string][] = [
  [Deno.errors.AddrInUse, "another program has this port: stop it, or set PORT ([Main] port)"],
  [
    Deno.errors.NotCapable,
    "name it in --allow-net; for an executable, build it with: deno task compile --allow-net=ADDRESS",
  ],
  [Deno.errors.PermissionDenied, "ports below 1024 are for root: set PORT ([Main] port)"],
];

/** Deno tells a key that belongs to another certificate, and an empty file, by message alone. */
function isAboutCertificate(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData || error instanceof TypeError ||
    (error as Error).message.includes("KeyMismatch");
}
