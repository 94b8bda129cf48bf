import { makeContexts } from "../../bench/_flags.ts";
import type { Ask } from "./exchange.ts";

/** What is asked for again and again, on every transport. */
export interface KindOfAsk {
  /** Name; asks of the same name get the same bytes. */
  name: string;
  /** The request. */
  ask: Ask;
}

/** Contexts, for paths and for bodies. */
const CONTEXTS = makeContexts(8).map((context) => {
  const text = JSON.stringify(context);
  return { text, encoded: new TextEncoder().encode(text).toBase64({ alphabet: "base64url" }) };
});

const SERVER = { authorization: "sdk-e1" };
const MOBILE = { authorization: "mob-e1" };

function get(path: string, headers: Record<string, string> = {}): Ask {
  return { method: "GET", path, headers };
}

function send(method: string, path: string, body: string, headers: Record<string, string> = {}): Ask {
  return { method, path, headers: { ...headers, "content-type": "application/json" }, body };
}

/** Streams: those of server-side SDKs, those with a context in the path or in a body, those that only ping. */
export const STREAMS: KindOfAsk[] = CONTEXTS.flatMap(({ text, encoded }, i) => [
  { name: "all", ask: get("/all", SERVER) },
  { name: "flags", ask: get("/flags", SERVER) },
  { name: `eval ${i}`, ask: get(`/eval/e1/${encoded}`) },
  { name: `eval ${i}`, ask: send("REPORT", "/eval/e1", text) },
  { name: `eval ${i}`, ask: get(`/meval/${encoded}`, MOBILE) },
  { name: `eval ${i}`, ask: send(i % 2 ? "REPORT" : "POST", "/meval", text, MOBILE) },
  { name: "ping", ask: get("/ping/e1") },
  { name: "ping", ask: get("/mping", MOBILE) },
]);

/** What slow readers read: the large environment. */
export const SLOW_STREAM: KindOfAsk = { name: "large", ask: get("/all", { authorization: "sdk-large" }) };

/** Requests: polls, evaluations, status. Each is sent as it is, with gzip, and with the newest entity tag where it has one. */
export const REQUESTS: KindOfAsk[] = CONTEXTS.flatMap(({ text, encoded }, i) => [
  { name: "latest-all", ask: get("/sdk/latest-all", SERVER) },
  { name: "flags", ask: get("/sdk/flags", SERVER) },
  { name: "flag", ask: get("/sdk/flags/counter", SERVER) },
  { name: `evaluation ${i}`, ask: get(`/sdk/evalx/e1/contexts/${encoded}`) },
  { name: `evaluation ${i}`, ask: get(`/msdk/evalx/contexts/${encoded}`, MOBILE) },
  { name: `evaluation ${i}`, ask: send("REPORT", "/sdk/evalx/e1/context", text) },
  { name: `evaluation ${i}`, ask: send("REPORT", "/msdk/evalx/context", text, MOBILE) },
  { name: `evaluation ${i}`, ask: send("POST", "/sdk/evalx/context", text, SERVER) },
  { name: "status", ask: get("/status") },
  { name: "health/live", ask: get("/health/live") },
  { name: "health/ready", ask: get("/health/ready") },
]);
