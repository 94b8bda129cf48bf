import { formatUrl } from "./location.ts";
import type { Proxy } from "./proxy.ts";
import { PullError } from "./pull_error.ts";
import { TransientPullError } from "./_transient_pull_error.ts";

/** Statuses that may be another in a moment: RFC 9110, 15.5.9; RFC 6585, 4; and all of the server's own faults. */
const TRANSIENT_STATUS = /^(408|429|5\d\d)$/;

/** What to do about a status. */
const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: "the server does not know this relay key: was it reset, or is it a key of another --instance?",
  403:
    "the relay key is known and may not download: Relay Proxy offline mode is part of some plans of LaunchDarkly only",
  404:
    "the archive is expected at /relay/latest-all below --base-uri, unless that is the URL of a .tar.gz itself",
};

/** What to do about 401 and 403 where no key was sent. */
const NO_KEY_HINT = "the server wants a key: name a file that holds it with --key-file";

/**
 * Describes an answer that is no archive.
 *
 * @param url URL of the archive.
 * @param response The answer.
 * @param context Whether a key was sent, and the time: ms since epoch.
 * @returns The error.
 */
export function describeAnswer(
  url: URL,
  { status, headers }: Response,
  { hasKey, now }: { hasKey: boolean; now: number },
): PullError {
  const message = `Cannot download the archive from ${
    formatUrl(url)
  }: the server answers with status ${status}`;
  if (TRANSIENT_STATUS.test(`${status}`)) {
    const pause = parseRetryAfter(headers.get("retry-after"), now);
    const hint = pause === undefined
      ? undefined
      : `the server asks for a pause of ${Math.ceil(pause / 1_000)} s before the next try`;
    return new TransientPullError(message, hint, pause);
  }
  const hint = !hasKey && (status === 401 || status === 403) ? NO_KEY_HINT : STATUS_HINTS[status];
  return new PullError(message, { hint, isRefusal: true });
}

/** Parses seconds or a date (RFC 9110, 10.2.3) into ms from now. */
function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const pause = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(pause) ? Math.max(0, pause) : undefined;
}

/**
 * Describes a redirect to another origin. It is not followed: the key is for this one alone.
 *
 * @param url URL of the archive.
 * @param target Where it leads.
 * @param key The relay key, which the server may have put there.
 * @returns The error.
 */
export function describeRedirect(url: URL, target: URL | null, key: string | undefined): PullError {
  const isWeb = target !== null && /^https?:$/.test(target.protocol);
  const origin = isWeb ? target.origin : "an address that is neither http nor https";
  // In host names all letters are small.
  const where = key ? origin.replaceAll(key.toLowerCase(), "…") : origin;
  return new PullError(
    `Cannot download the archive from ${formatUrl(url)}: the server redirects to another origin, ${where}`,
    {
      isRefusal: true,
      hint: "redirects to other servers are not followed; if you trust this one, name it with --base-uri",
    },
  );
}

/**
 * Describes why there was no answer, or not all of it.
 *
 * @param url URL of the archive.
 * @param error What `fetch` or its body threw.
 * @param proxy The proxy that is configured, if any.
 * @returns The error, final if another try would end likewise.
 */
export function describeConnection(url: URL, error: unknown, proxy: Proxy | undefined): PullError {
  const { cause, message: outer } = error as Error;
  const inner = cause instanceof Error ? cause.message : outer;
  // Deno's text has the whole URL in it, query included.
  const text = /client error \(\w+\): (.*)$/s.exec(inner)?.[1] ?? inner.replaceAll(/\w+:\/\/[^\s)]+/g, "…");
  const reason = text.replace(/ \(os error \d+\)/, "");
  const message = `Cannot download the archive from ${formatUrl(url)}: ${reason}`;
  if (/\bcertificate\b/.test(reason)) {
    return new PullError(message, { hint: describeCertificate(reason) });
  }
  if (/proxy authentication/.test(reason)) {
    const hint = `write user and password into ${
      proxy?.variable ?? "HTTPS_PROXY"
    }: http://USER:PASSWORD@HOST:PORT`;
    return new PullError(message, { hint });
  }
  const hint = proxy
    ? `the proxy of ${proxy.variable} is ${proxy.address}: is it right, and does it allow ${url.hostname}? NO_PROXY=${url.hostname} goes past it`
    : "is this host connected, and is the address right? where a proxy is needed, HTTPS_PROXY names it";
  return new TransientPullError(message, hint);
}

/** Says what to do about a certificate that is not trusted. */
function describeCertificate(reason: string): string {
  if (/expired|not ?valid ?yet/i.test(reason)) {
    return "is the clock of this host right? If it is, the server needs a new certificate";
  }
  return /not ?valid ?for ?name/i.test(reason)
    ? "the certificate is another server's: is the address right?"
    : "name the certificate of the CA that signed it with --ca-file";
}
