/** A proxy that the environment names. Deno uses it, or goes past it where `NO_PROXY` says so. */
export interface Proxy {
  /** Name of the variable that names it. */
  variable: string;
  /** Its address without user and password. */
  address: string;
}

/**
 * Finds the proxy for a URL, for messages.
 *
 * @param url The URL.
 * @param variables The process's environment.
 * @returns The proxy; `undefined` if none is named.
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
  return { variable, address: parsed ? `${parsed.protocol}//${parsed.host}` : "not an address" };
}
