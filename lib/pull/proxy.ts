import { PullError } from "./pull_error.ts";

/** What Deno connects through. Past any other proxy it goes without a word. */
const SCHEMES = /^(https?|socks5h?):$/;

/** A proxy that the environment names. Deno uses it, or goes past it where `NO_PROXY` says so. */
export interface Proxy {
  /** Name of the variable that names it. */
  variable: string;
  /** Its address without user and password. */
  address: string;
}

/**
 * Finds the proxy for a URL, for messages, and checks that it will be used.
 *
 * @param url The URL.
 * @param variables The process's environment.
 * @returns The proxy; `undefined` if none is named.
 * @throws {PullError} When it is no address of a proxy.
 */
export function findProxy(
  url: URL,
  variables: Readonly<Record<string, string | undefined>>,
): Proxy | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const variable = [name, name.toLowerCase(), "ALL_PROXY", "all_proxy"].find((name) => variables[name]);
  if (variable === undefined) return undefined;
  const address = variables[variable]!;
  const parsed = URL.parse(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  if (!parsed || !SCHEMES.test(parsed.protocol)) {
    throw new PullError(`Cannot use ${variable}: it is not the address of a proxy`, {
      hint: "write it as http://HOST:PORT, or unset it to connect without a proxy",
    });
  }
  return { variable, address: `${parsed.protocol}//${parsed.host}` };
}
