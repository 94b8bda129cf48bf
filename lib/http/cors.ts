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
  "X-LaunchDarkly-Tags",
  "X-LaunchDarkly-User-Agent",
  "X-LaunchDarkly-Wrapper",
  "X-Requested-With",
];

/** Maximum age of a preflight's answer in a browser's cache: seconds. Every context has a URL and so a preflight of its own; Chromium keeps none longer. */
const PREFLIGHT_MAX_AGE = "7200";

/**
 * Creates the function that lets browsers of other origins read a response. It is for every response on their routes:
 * errors, streams and 304s too, because without these headers an SDK sees only "network error".
 *
 * @param policy Which browsers may call. An origin that may not gets the first one that may, as with the Relay Proxy.
 * @returns A function that adds the headers to a response to `request`, and to a preflight what preflights need.
 */
export function createCors(policy: CorsPolicy): (request: Request, response: Response) => void {
  const { envAllowedOrigin: origins, envAllowedHeader } = policy;
  const allowedHeaders = [...SDK_HEADERS, ...envAllowedHeader].join(",");
  return (request, { headers }) => {
    const origin = request.headers.get("origin");
    const allowed = origins.length === 0 ? "*" : origins.find((entry) => entry === origin) ?? origins[0]!;
    headers.set("access-control-allow-origin", allowed);
    if (origins.length > 0) headers.append("vary", "Origin");
    headers.set(
      "access-control-expose-headers",
      "Date,ETag,X-LD-EnvID,X-LD-FD-Fallback,X-LD-FD-Fallback-TTL",
    );
    if (request.method !== "OPTIONS") return;
    headers.set("access-control-allow-methods", "GET,POST,REPORT,OPTIONS");
    headers.set("access-control-allow-headers", allowedHeaders);
    headers.set("access-control-max-age", PREFLIGHT_MAX_AGE);
  };
}
