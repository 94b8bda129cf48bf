import { isIPv6 } from "node:net";

/** Largest TCP port: RFC 9293 has 16 bits for it. @limit as MAX_PORT in lib/config/_types.ts */
const MAX_PORT = 65_535;

/** `host [":" port]` of RFC 9110, with the host of RFC 3986: an address in brackets, or a name, which may be an IPv4 address. */
const AUTHORITY =
  /^(?:\[(?:(?<ipv6>[\da-f:.]+)|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::(?<port>\d*))?$/i;

/** Target of a request. */
export interface Target {
  /** Path, still percent-encoded; begins with a slash. */
  path: string;
  /** Query string without the question mark. */
  query: string;
}

/**
 * Reads path and query of a request's URL, which servers join of `Host` and request target as plain text: with a `Host` that
 * is none, such as `x/status?`, part of it would be taken for the path. Cheaper than `new URL`, which would also resolve `..`
 * unseen.
 *
 * @param url The URL as the server has it.
 * @param host The `Host` header; `null` or empty where there is none (HTTP/1.0, HTTP/2).
 * @returns The target; `undefined` when `Host` or the URL's authority is not `host[:port]`: the request is malformed.
 */
export function readTarget(url: string, host: string | null): Target | undefined {
  const start = url.indexOf("://") + 3;
  let end = start;
  while (end < url.length && !isDelimiter(url.charCodeAt(end))) end++;
  if (start < 4 || !isAuthority(url.slice(start, end)) || host && !isAuthority(host)) return undefined;
  const mark = url.indexOf("?", end);
  const path = mark < 0 ? url.slice(end) : url.slice(end, mark);
  const query = mark < 0 ? "" : url.slice(mark + 1);
  if (path === "") return { path: "/", query };
  return path.startsWith("/") ? { path, query } : undefined;
}

/** Whether an authority ends before this character: `/`, `?` or `#`. */
function isDelimiter(code: number): boolean {
  return code === 0x2f || code === 0x3f || code === 0x23;
}

/**
 * Writes a path or a query so that a header can hold it and no browser reads it otherwise.
 *
 * @param text The text; what is percent-encoded in it stays as it is.
 * @returns ASCII without blanks, backslashes and `#`.
 */
export function encodeTarget(text: string): string {
  return encodeURI(text).replaceAll("%25", "%").replaceAll("#", "%23");
}

function isAuthority(text: string): boolean {
  if (isPlainName(text)) return true;
  const { groups } = AUTHORITY.exec(text) ?? {};
  if (!groups) return false;
  const { ipv6, port } = groups;
  return (ipv6 === undefined || isIPv6(ipv6)) && Number(port ?? 0) <= MAX_PORT;
}

/** Whether it is letters, digits, dots and hyphens, and perhaps a port, as nearly always. */
function isPlainName(text: string): boolean {
  const colon = text.indexOf(":");
  const end = colon < 0 ? text.length : colon;
  if (end === 0 || text.length - end > 6) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isInName = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a || code === 0x2d || code === 0x2e;
    if (!isDigit && (i >= end ? i !== colon : !isInName)) return false;
  }
  return colon < 0 || Number(text.slice(colon + 1)) <= MAX_PORT;
}
