/** Policy for browsers of other origins. */
export interface CorsPolicy {
  /** Origins that may; empty for all. */
  envAllowedOrigin: readonly string[];
  /** Request headers that they may send besides those of the SDKs. */
  envAllowedHeader: readonly string[];
}

/** Request headers of LaunchDarkly's SDKs and OpenFeature's providers; `*` would not cover `Authorization`. */
const SDK_HEADERS = [
  "Accept",
  "Authorization",
  "Cache-Control",
  "Content-Type",
  "Content-Length",
  "Accept-Encoding",
  "If-None-Match",
  "X-API-Key",
  "X-LaunchDarkly-Event-Schema",
  "X-LaunchDarkly-Instance-Id",
  "X-LaunchDarkly-Payload-ID",
  "X-LaunchDarkly-Secure-Mode-Hash",
  "X-LaunchDarkly-Tags",
  "X-LaunchDarkly-User-Agent",
  "X-LaunchDarkly-Wrapper",
  "X-Requested-With",
];

/** Maximum age of a preflight's answer in a browser's cache: seconds. Every context has a URL and so a preflight of its own; Chromium keeps none longer. */
const PREFLIGHT_MAX_AGE = "7200";

/** Response headers that scripts may read. */
const EXPOSED_HEADERS = "Date,ETag,X-LD-EnvID,X-LD-FD-Fallback,X-LD-FD-Fallback-TTL";

/** Lists the headers of a response to a browser; of a preflight too, what preflights need. */
export type CorsHeaders = (request: Request) => Readonly<Record<string, string>>;

/**
 * Creates the function that lists the headers which let browsers of other origins read a response. They are for every response on
 * their routes: errors, streams and 304s too, because without them an SDK sees only "network error".
 *
 * @param policy Which browsers may call. An origin that may not gets the first one that may, as with the Relay Proxy.
 * @returns The function.
 */
export function createCors(policy: CorsPolicy): CorsHeaders {
  const { envAllowedOrigin: origins, envAllowedHeader } = policy;
  const preflight = {
    "access-control-allow-methods": "GET,POST,REPORT,OPTIONS",
    "access-control-allow-headers": [...SDK_HEADERS, ...envAllowedHeader].join(","),
    "access-control-max-age": PREFLIGHT_MAX_AGE,
  };
  const headersOf = new Map([undefined, ...origins].map((origin) => {
    const headers = {
      "access-control-allow-origin": origin ?? origins[0] ?? "*",
      ...origins.length > 0 && { vary: "Origin" },
      "access-control-expose-headers": EXPOSED_HEADERS,
    };
    return [origin, headers];
  }));
  const others = headersOf.get(undefined)!;
  return (request) => {
    const origin = origins.length > 0 ? request.headers.get("origin") : null;
    const headers = origin === null ? others : headersOf.get(origin) ?? others;
    return request.method === "OPTIONS" ? { ...headers, ...preflight } : headers;
  };
}
