import type { Endpoint, HttpClient } from "./exchange.ts";
import { Http1Client } from "./http1.ts";
import { Http2Client } from "./http2.ts";

/** A way to reach a relay. */
export interface Transport extends Endpoint {
  /** Name. */
  name: string;
  /** Whether HTTP/2 is spoken. */
  isHttp2: boolean;
}

/** Makes a client of a transport. */
export function createClient({ isHttp2, ...endpoint }: Transport): HttpClient {
  return isHttp2 ? new Http2Client(endpoint) : new Http1Client(endpoint);
}
