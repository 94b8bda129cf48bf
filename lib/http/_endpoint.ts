/** Kind of an endpoint, in the words of the Relay Proxy 9: `launchdarkly.relay.endpoint.type`. */
export type EndpointType = "stream" | "poll" | "events" | "goals" | "status";

/** Types by the path up to its second slash; all others are polls. */
const TYPES: Readonly<Record<string, EndpointType>> = {
  "/all": "stream",
  "/flags": "stream",
  "/eval": "stream",
  "/meval": "stream",
  "/ping": "stream",
  "/mping": "stream",
  "/bulk": "events",
  "/diagnostic": "events",
  "/mobile": "events",
  "/events": "events",
  "/a": "events",
  "/status": "status",
  "/health": "status",
};

/**
 * Returns the type of an endpoint.
 *
 * @param path Route template.
 * @returns The type.
 */
export function endpointTypeOf(path: string): EndpointType {
  if (path.startsWith("/sdk/goals/")) return "goals";
  if (path.startsWith("/sdk/stream") || path === "/ofrep/v1/events") return "stream";
  const second = path.indexOf("/", 1);
  return TYPES[second < 0 ? path : path.slice(0, second)] ?? "poll";
}
