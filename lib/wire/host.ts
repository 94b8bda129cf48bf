import { isIPv4, isIPv6 } from "node:net";

/** A name, or an IPv4 address: letters, digits, `-`, `_`, in parts between dots. */
const NAME = /^(?=.{1,253}$)[\w-]{1,63}(\.[\w-]{1,63})*$/;

/** Start of the addresses of IPv4 that stay in the host (RFC 1122 3.2.1.3). */
const LOOPBACK_IPV4 = "127.";

/** Names and addresses of IPv6 that stay in the host. */
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "[::1]"]);

/**
 * Normalizes the name or the address of a host, so that each has one form.
 *
 * @param host The host, with or without brackets where it is an address of IPv6.
 * @returns Lower case, an address of IPv6 in brackets and as short as it can be; `undefined` where it is no host.
 */
export function normalizeHost(host: string): string | undefined {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  // A zone is of one machine alone, and no URL has one.
  if (isIPv6(address) && !address.includes("%")) return new URL(`http://[${address}]`).hostname;
  return NAME.test(host) ? host.toLowerCase() : undefined;
}

/**
 * Reports whether a host is this one, whatever the network is like.
 *
 * @param host Its name or address.
 * @returns Whether it is `localhost`, of 127.0.0.0/8, or `::1`.
 */
export function isLoopback(host: string): boolean {
  const name = normalizeHost(host) ?? "";
  return LOOPBACK.has(name) || isIPv4(name) && name.startsWith(LOOPBACK_IPV4);
}
