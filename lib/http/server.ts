import type { Log } from "../observe/mod.ts";

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

/** Where to listen and with what. */
export interface ListenOptions {
  /** TCP port; 0 for any free one. */
  port: number;
  /** IP address or host name. */
  bindAddress: string;
  /** Paths of a PEM certificate and its key; plain HTTP when absent. */
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
export async function listen(
  handler: Deno.ServeHandler,
  options: ListenOptions,
  log: Log,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { port, bindAddress, tls } = options;
  const certificate = tls ? { cert: await readPem(tls.cert), key: await readPem(tls.key) } : {};
  function serve(hostname: string): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({
      ...certificate,
      port,
      hostname,
      onListen: () => {},
      onError: (error) => {
        log.error(
          `Cannot answer a request: ${error instanceof Error ? error.stack ?? error.message : error}`,
        );
        return new Response(null, { status: 500 });
      },
    }, handler);
  }
  try {
    return serve(bindAddress);
  } catch (error) {
    if (bindAddress === "::" && isAddressFamilyMissing(error)) return serve("0.0.0.0");
    throw listenError(error, options);
  }
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
  const message = `Cannot listen on port ${port} of "${bindAddress}": ${(error as Error).message}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return new ListenError(
      message,
      "another program has this port: stop it, or set PORT ([Main] port)",
      error,
    );
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new ListenError(
      message,
      "the permission flag --allow-net does not name this address and port",
      error,
    );
  }
  if (tls && error instanceof Deno.errors.InvalidData) {
    return new ListenError(
      message,
      `"${tls.cert}" and "${tls.key}" must be a PEM certificate and its key`,
      error,
    );
  }
  return new ListenError(message, "check PORT and BIND_ADDRESS ([Main] port, bindAddress)", error);
}
