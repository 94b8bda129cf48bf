import type { Log } from "../observe/mod.ts";
import type { AddressCounter } from "./address_counter.ts";
import { serveSteadily } from "./_deno_server.ts";
import { createFailureAnswer } from "./_failure_answer.ts";
import { serveNode } from "./_node_server.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { ListenError } from "./listen_error.ts";
import type { Handler, Server } from "./transport.ts";

/** Options for {@linkcode listen}. */
export interface ListenOptions {
  /** TCP port; 0 for any free one. */
  port: number;
  /** IP address or host name. */
  bindAddress: string;
  /** Paths of a PEM certificate and its key, and the minimum TLS version; plain HTTP when absent. */
  tls?: Certificate & { minVersion: "1.2" | "1.3" };
  /** PEM of that certificate and key, from {@linkcode readCertificate}. @default {they are read} */
  certificate?: Certificate;
  /** Whether Node's server listens, for many streams. With TLS 1.3 as minimum version it does in any case. @default {false} */
  isForStreams?: boolean;
  /** Counter of the connections to Node's server from each address. @default {they are not limited} */
  addressCounter?: AddressCounter;
  /** Whether the handler learns the address of each client, where `Deno.serve` listens. @default {false} */
  tellsAddresses?: boolean;
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
  const { bindAddress, tls, isForStreams, addressCounter, tellsAddresses } = options;
  const { reusePort = false } = options;
  const pem = tls && (options.certificate ?? readCertificate(tls));

  const onError = createFailureAnswer(log);

  async function serve(hostname: string, port = options.port): Promise<Server> {
    const fault = reusePort ? undefined : findFault({ port, hostname, isForStreams });
    if (fault) throw fault;
    const address = { port, hostname, reusePort, onError, log };
    try {
      if (!isForStreams && tls?.minVersion !== "1.3") {
        return serveSteadily(handler, { ...address, ...pem, tellsAddresses, onListen: () => {} });
      }
      return await serveNode(handler, {
        ...address,
        ...pem && { tls: { ...pem, minVersion: tls.minVersion } },
        ...addressCounter && { addressCounter },
      });
    } catch (error) {
      throw addressError(error, { port, hostname, isForStreams });
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
    setCertificate(certificate) {
      server.setCertificate?.(certificate);
      ipv4.setCertificate?.(certificate);
    },
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

/** Finds out why an address cannot be listened on, if so: Node's server would report a missing permission outside of every promise. */
function findFault(place: Port & { hostname: string }): ListenError | undefined {
  const { port, hostname } = place;
  try {
    Deno.listen({ port, hostname }).close();
  } catch (error) {
    return addressError(error, place);
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
