import { describeError, type Log } from "../observe/mod.ts";
import type { AddressCounter } from "./address_counter.ts";
import { readSmallFile } from "../wire/mod.ts";
import { serveSteadily } from "./_deno_server.ts";
import { serveNode } from "./_node_server.ts";
import type { Handler, Server } from "./transport.ts";

/** Largest file of a certificate chain or a key. A long chain has some 20 KiB, so a larger file is some other file. @limit bytes: the relay does not start */
const MAX_PEM_BYTES = 1024 ** 2;

/** Error of a relay that cannot listen: the port is in use, the address is not this host's, or a certificate cannot be used. */
export class ListenError extends Error {
  /** The name of the class. */
  override readonly name = "ListenError";
  /** Advice: what to do about it. */
  readonly hint: string;

  /**
   * Creates the error.
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

/** Options for {@linkcode listen}. */
export interface ListenOptions {
  /** TCP port; 0 for any free one. */
  port: number;
  /** IP address or host name. */
  bindAddress: string;
  /** Paths of a PEM certificate and its key, and the minimum TLS version; plain HTTP when absent. */
  tls?: { cert: string; key: string; minVersion: "1.2" | "1.3" };
  /** Whether Node's server listens, for many streams. With TLS 1.3 as minimum version it does in any case. @default {false} */
  isForStreams?: boolean;
  /** Counter of the connections to Node's server from each address. @default {they are not limited} */
  addressCounter?: AddressCounter;
  /**
   * Whether other threads listen on the same port, which must not be 0. Needs `--unstable-net` where `Deno.serve` listens, and ends
   * the process without. Whether the port is taken is not checked. @default {false}
   */
  reusePort?: boolean;
}

/**
 * Listens and answers requests.
 *
 * The default address `::` takes both families, also on a host that keeps IPv6 sockets to IPv6 (`net.ipv6.bindv6only`); on a
 * host without IPv6 it falls back to `0.0.0.0`.
 *
 * @param handler Answers each request.
 * @param options Port, address and certificate.
 * @param log Log of handlers that fail; the request itself is not logged.
 * @returns The running server.
 * @throws {ListenError} When it cannot listen or the certificate cannot be used.
 */
export async function listen(handler: Handler, options: ListenOptions, log: Log): Promise<Server> {
  const { bindAddress, tls, isForStreams, addressCounter } = options;
  const { reusePort = false } = options;
  const pem = tls && { cert: readPem(tls.cert), key: readPem(tls.key) };

  function onError(error: unknown): Response {
    log.error("Cannot answer a request", { error: describeError(error) });
    return new Response(null, { status: 500 });
  }

  async function serve(hostname: string, port = options.port): Promise<Server> {
    const fault = reusePort ? undefined : findFault({ port, hostname, isForStreams });
    if (fault) throw fault;
    const address = { port, hostname, reusePort, onError, log };
    try {
      if (!isForStreams && tls?.minVersion !== "1.3") {
        return serveSteadily(handler, { ...address, ...pem, onListen: () => {} });
      }
      return await serveNode(handler, {
        ...address,
        ...pem && { tls: { ...pem, minVersion: tls.minVersion } },
        ...addressCounter && { addressCounter },
      });
    } catch (error) {
      // A moment ago the address was good, so it is the certificate that is not.
      throw tls ? certificateError(error, tls) : addressError(error, { port, hostname, isForStreams });
    }
  }

  if (bindAddress !== ANY_IPV6) return await serve(bindAddress);
  // Without a check of the port, it is still found out whether there is IPv6.
  return await serveBothFamilies(serve, { port: reusePort ? 0 : options.port, isForStreams });
}

/**
 * Checks that a port can be listened on: other threads will, sharing it, and would then share it with another program too.
 *
 * @param options Port and address.
 * @throws {ListenError} When it cannot.
 */
export function checkPort(
  { port, bindAddress, isForStreams }: Pick<ListenOptions, "port" | "bindAddress" | "isForStreams">,
): void {
  const place = { port, isForStreams };
  const fault = bindAddress === ANY_IPV6
    ? findFaultOfBothFamilies(place)
    : findFault({ ...place, hostname: bindAddress });
  if (fault && !(bindAddress === ANY_IPV6 && isFamilyMissing(fault.cause))) throw fault;
}

/** Every address of IPv6 and, on most hosts, of IPv4. */
const ANY_IPV6 = "::";

/** Every address of IPv4. */
const ANY_IPV4 = "0.0.0.0";

/** A port, and which of the two it is. */
interface Port {
  port: number;
  isForStreams: boolean | undefined;
}

async function serveBothFamilies(
  serve: (hostname: string, port?: number) => Promise<Server>,
  port: Port,
): Promise<Server> {
  const fault = findFaultOfBothFamilies(port);
  if (fault && isFamilyMissing(fault.cause)) return await serve(ANY_IPV4);
  if (fault) throw fault;
  const server = await serve(ANY_IPV6);
  // Refused on most hosts, where the first one has it already, unless others share the port.
  const ipv4 = await serve(ANY_IPV4, server.addr.port).catch(() => undefined);
  if (!ipv4) return server;
  return {
    addr: server.addr,
    shutdown: async () => void await Promise.all([server.shutdown(), ipv4.shutdown()]),
  };
}

/** Where IPv6 sockets are kept to IPv6, a program that has the port of IPv4 shows only there. */
function findFaultOfBothFamilies(port: Port): ListenError | undefined {
  const fault = findFault({ ...port, hostname: ANY_IPV6 });
  if (fault && !isFamilyMissing(fault.cause)) return fault;
  const fault4 = findFault({ ...port, hostname: ANY_IPV4 });
  return fault4?.cause instanceof Deno.errors.AddrInUse ? fault4 : fault;
}

/** Linux reports "Address family not supported" (os error 97) or, with IPv6 disabled, "Cannot assign requested address". */
function isFamilyMissing(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable ||
    (error instanceof Error && error.message.includes("os error 97"));
}

/** Finds out why an address cannot be listened on, if so: TLS servers do not distinguish that from a bad certificate. */
function findFault(place: Port & { hostname: string }): ListenError | undefined {
  const { port, hostname } = place;
  try {
    Deno.listen({ port, hostname }).close();
  } catch (error) {
    return addressError(error, place);
  }
}

function readPem(path: string): string {
  try {
    return new TextDecoder().decode(readSmallFile(path, MAX_PEM_BYTES));
  } catch (error) {
    throw new ListenError(
      `Cannot read "${path}" for TLS: ${(error as Error).message}`,
      "check TLS_CERT and TLS_KEY ([Main] tlsCert, tlsKey) and who may read these files",
      error,
    );
  }
}

function addressError(
  error: unknown,
  { port, hostname, isForStreams }: Port & { hostname: string },
): ListenError {
  const hint = LISTEN_HINTS.find(([type]) => error instanceof type)?.[isForStreams ? 2 : 1];
  return new ListenError(
    `Cannot listen on port ${port} of "${hostname}": ${(error as Error).message}`,
    hint ?? "check PORT, STREAM_PORT and BIND_ADDRESS ([Main] port, streamPort, bindAddress)",
    error,
  );
}

/** What to do about the port, and about that for streams. */
const LISTEN_HINTS: [type: new () => Error, hint: string, streamHint: string][] = [
  [
    Deno.errors.AddrInUse,
    "another program has this port: stop it, or set PORT ([Main] port)",
    "another program has this port: stop it, or set STREAM_PORT ([Main] streamPort)",
  ],
  [
    Deno.errors.NotCapable,
    "name it in --allow-net; for an executable, build it with: deno task compile --allow-net=ADDRESS",
    "name it in --allow-net; for an executable, build it with: deno task compile --allow-net=ADDRESS",
  ],
  [
    Deno.errors.PermissionDenied,
    "ports below 1024 are for root: set PORT ([Main] port)",
    "ports below 1024 are for root: set STREAM_PORT ([Main] streamPort)",
  ],
];

function certificateError(error: unknown, { cert, key }: { cert: string; key: string }): ListenError {
  return new ListenError(
    `Cannot serve TLS with "${cert}" and "${key}": ${(error as Error).message}`,
    "TLS_CERT ([Main] tlsCert) must be an X.509 certificate in PEM, not of version 1, and TLS_KEY (tlsKey) its own private " +
      "key in PEM, without a password: RSA of 2048 bits or more, ECDSA of P-256, P-384 or P-521, or Ed25519; both are made " +
      "by: openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=HOST -addext subjectAltName=DNS:HOST " +
      "-keyout key.pem -out cert.pem",
    error,
  );
}
