import type { Snapshot } from "../../snapshot/mod.ts";
import { hashContext } from "../mod.ts";
import { ApiError } from "./_api_error.ts";
import type { SentContext } from "./_body.ts";

/** A request that SDKs send. */
interface SdkRequest {
  method: "GET" | "POST" | "REPORT";
  /** Path and query; `{envId}` stands for the client-side ID. */
  path: string;
}

/** A way in which SDKs get data. */
export interface SdkRoute {
  /** Its name here. */
  name: string;
  /** Who uses it, and what for. */
  title: string;
  /** Key in the header `Authorization`; a client-side ID is in the path. */
  key?: "sdk" | "mobile";
  /** Body of requests by a method other than `GET`: the context, or OFREP's object around it. */
  body?: "context" | "ofrep";
  /** Asks once. */
  poll: SdkRequest;
  /** Asks for all that comes. Absent: there is no such stream. */
  stream?: SdkRequest;
}

/** All ways, each once: REPORT and POST are alike, as are contexts in paths and in bodies. */
export const SDK_ROUTES: readonly SdkRoute[] = [
  {
    name: "all",
    title: "Server SDKs: flags and segments",
    key: "sdk",
    poll: { method: "GET", path: "/sdk/latest-all" },
    stream: { method: "GET", path: "/all" },
  },
  {
    name: "flags",
    title: "Server SDKs: flags alone (PHP, old SDKs)",
    key: "sdk",
    poll: { method: "GET", path: "/sdk/flags" },
    stream: { method: "GET", path: "/flags" },
  },
  {
    name: "fdv2",
    title: "Server SDKs, FDv2",
    key: "sdk",
    poll: { method: "GET", path: "/sdk/poll" },
    stream: { method: "GET", path: "/sdk/stream" },
  },
  {
    name: "browser",
    title: "Browsers: values for a context",
    body: "context",
    poll: { method: "REPORT", path: "/sdk/evalx/{envId}/context" },
    stream: { method: "REPORT", path: "/eval/{envId}" },
  },
  {
    name: "browser-fdv2",
    title: "Browsers, FDv2: values for a context",
    body: "context",
    poll: { method: "REPORT", path: "/sdk/poll/eval?auth={envId}" },
    stream: { method: "REPORT", path: "/sdk/stream/eval?auth={envId}" },
  },
  {
    name: "mobile",
    title: "Mobile apps: values for a context",
    key: "mobile",
    body: "context",
    poll: { method: "REPORT", path: "/msdk/evalx/context" },
    stream: { method: "REPORT", path: "/meval" },
  },
  {
    name: "mobile-fdv2",
    title: "Mobile apps, FDv2: values for a context",
    key: "mobile",
    body: "context",
    poll: { method: "REPORT", path: "/sdk/poll/eval" },
    stream: { method: "REPORT", path: "/sdk/stream/eval" },
  },
  {
    name: "ofrep",
    title: "OpenFeature (OFREP): values for a context",
    body: "ofrep",
    poll: { method: "POST", path: "/ofrep/v1/evaluate/flags?auth={envId}" },
    stream: { method: "GET", path: "/ofrep/v1/events?auth={envId}" },
  },
];

/** What is asked of a route of SDKs. */
export interface AskedOfSdkRoute {
  /** The route. */
  route: SdkRoute;
  /** Whether its stream is asked for. */
  isStream: boolean;
  /** The environment. */
  snapshot: Snapshot;
  /** The context, for a route that takes one. */
  context?: SentContext;
}

/**
 * Creates the request that an SDK would send.
 *
 * @param asked What is asked.
 * @returns The request, with the environment's own credential and, in secure mode, the proof that its server would have given.
 * @throws {ApiError} 404, when there is no such stream, or no such key.
 */
export function createSdkRequest({ route, isStream, snapshot, context }: AskedOfSdkRoute): Request {
  const { key, name, body } = route;
  const { id, sdkKeys, mobileKeys, secureMode } = snapshot.metadata;
  const sent = isStream ? route.stream : route.poll;
  if (!sent) throw new ApiError(404, `"${name}" has no stream`);
  const url = new URL(sent.path.replace("{envId}", encodeURIComponent(id)), "http://localhost");
  const headers = new Headers({ host: url.host });
  if (key) {
    const [credential] = key === "sdk" ? sdkKeys : mobileKeys;
    if (!credential) throw new ApiError(404, `the environment has no ${key} key`);
    headers.set("authorization", credential.value);
  } else if (secureMode && context && sdkKeys[0]) {
    url.searchParams.set("h", hashContext(context.parsed, sdkKeys[0].value));
    if (body === "ofrep") url.searchParams.set("key", context.parsed.fullyQualifiedKey);
  }
  if (!context || sent.method === "GET") return new Request(url, { method: sent.method, headers });
  headers.set("content-type", "application/json");
  const json = body === "ofrep" ? { context: context.json } : context.json;
  return new Request(url, { method: sent.method, headers, body: JSON.stringify(json) });
}
