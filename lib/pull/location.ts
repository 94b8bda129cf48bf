import { PullError } from "./pull_error.ts";
import type { Proxy } from "./proxy.ts";

/** Base URIs of LaunchDarkly's instances. Source: LaunchDarkly's documentation of the Relay Proxy and of its federal and EU instances. */
export const INSTANCES = {
  us: "https://sdk.launchdarkly.com",
  federal: "https://sdk.launchdarkly.us",
  eu: "https://sdk.eu.launchdarkly.com",
} as const;

/** Path of the archive below a base URI. */
const ARCHIVE_PATH = "/relay/latest-all";

/**
 * Makes the URL of the archive.
 *
 * @param base Base URI of an instance of LaunchDarkly or of a server that answers likewise; or, if its path ends in `.tar.gz`,
 * `.tgz` or `.tar`, the URL of the file itself.
 * @returns The URL.
 * @throws {PullError} When it is no URL to download from.
 */
export function resolveArchiveUrl(base: string): URL {
  const url = URL.parse(base);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new PullError(
      `Cannot use the base URI "${withoutPassword(base)}": it is not an http or https URL`,
      {
        hint: `write it as ${INSTANCES.us}`,
      },
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new PullError(`Cannot use the base URI of ${url.host}: it has a user or a password in it`, {
      hint: "every user of this host can read a command line: leave them out, and use --key-file",
    });
  }
  url.hash = "";
  if (!/\.(tar\.gz|tgz|tar)$/.test(url.pathname)) url.pathname = url.pathname.replace(/\/*$/, ARCHIVE_PATH);
  return url;
}

/** Masks what may be a password: all between the scheme and an at sign, and the query. */
function withoutPassword(text: string): string {
  return text.replace(/^([^/]*\/\/)?.*@/s, "$1…@").replace(/\?.*/s, "?…");
}

/**
 * Formats the URL of an archive for messages: without its query, which of object stores is a password.
 *
 * @param url The URL.
 * @returns Its text.
 */
export function formatUrl(url: URL): string {
  return url.origin + url.pathname;
}

/**
 * Checks that the relay key may be sent to a server, and that it is there if the server needs it.
 *
 * @param url URL of the archive.
 * @param key The relay key, if there is one.
 * @param proxy The proxy that is configured, if any.
 * @throws {PullError} When the key is missing, or others on the way could read it.
 */
export function checkKeyUse(url: URL, key: string | undefined, proxy: Proxy | undefined): void {
  if (key === undefined) {
    if (!Object.values<string>(INSTANCES).includes(url.origin)) return;
    throw new PullError(`Cannot download the archive from ${url.origin} without a relay key`, {
      hint: "name a file that holds it with --key-file, or set AUTO_CONFIG_KEY, or key in [AutoConfig]",
    });
  }
  if (url.protocol === "https:" || isLoopback(url.hostname) && !proxy) return;
  throw new PullError(`Cannot send the relay key to ${url.origin}: others on the way could read it`, {
    hint: proxy && isLoopback(url.hostname)
      ? `unset ${proxy.variable}, through which it would go`
      : "write https, or do without a key",
  });
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
