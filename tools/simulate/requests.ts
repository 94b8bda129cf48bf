import type { CredentialKind } from "../../lib/store/mod.ts";
import type { View } from "./environments.ts";
import type { Random } from "./random.ts";

/** A request. */
export interface Ask {
  method: "GET" | "REPORT" | "POST";
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  /** JSON. */
  body?: string;
}

/** A client's credential, and what proves its context, if anything. */
export interface Identity {
  kind: CredentialKind;
  key: string;
  /** User whom it evaluates for, where the route does. */
  user: string;
  /** Hash of the user. */
  proof?: string;
}

/** What a client gets: events of a stream that only tells of changes are `ping`. */
export type Subject = View | "ping" | `item ${string}`;

/** A request and what it gets. */
export interface Asked {
  ask: Ask;
  subject: Subject;
}

/** Keys of items that PHP asks for one by one. */
const ITEMS = ["/flags/f1", "/flags/f4", "/flags/unknown", "/segments/s1"];

/** Picks a route by which a client polls. */
export function pickPoll(random: Random, identity: Identity): Asked {
  const { kind, key, user } = identity;
  if (kind === "sdk" && random.chance(0.75)) {
    const item = random.pick(ITEMS);
    const [path, subject] = random.pick<[string, Subject]>([
      ["/sdk/latest-all", "all"],
      ["/sdk/latest-all", "all"],
      ["/sdk/flags", "flags"],
      [`/sdk${item}`, `item ${item}`],
    ]);
    return { ask: get(path, identity), subject };
  }
  const path = { sdk: "/sdk/evalx", mobile: "/msdk/evalx", environment: `/sdk/evalx/${key}` }[kind];
  const [name, legacy] = random.pick([["contexts", "context"], ["users", "user"]] as const);
  const ask = random.chance(0.3)
    ? report(random, `${path}/${legacy}`, identity)
    : get(`${path}/${name}/${encode(random, user)}`, identity);
  return { ask, subject: `${kind} ${user}` };
}

/** Picks a route by which a client streams. */
export function pickStream(random: Random, identity: Identity): Asked {
  const { kind, key, user } = identity;
  if (kind === "sdk") {
    const subject = random.chance(0.75) ? "all" : "flags";
    return { ask: get(`/${subject}`, identity), subject };
  }
  if (random.chance(0.35)) {
    return { ask: get(kind === "mobile" ? "/mping" : `/ping/${key}`, identity), subject: "ping" };
  }
  const path = kind === "mobile" ? "/meval" : `/eval/${key}`;
  const ask = random.chance(0.3)
    ? report(random, path, identity)
    : get(`${path}/${encode(random, user)}`, identity);
  return { ask, subject: `${kind} ${user}` };
}

function get(path: string, identity: Identity): Ask {
  return { method: "GET", path: path + queryOf(identity), headers: headersOf(identity) };
}

function report(random: Random, path: string, identity: Identity): Ask {
  return {
    method: random.pick(["REPORT", "POST"] as const),
    path: path + queryOf(identity),
    headers: { ...headersOf(identity), "content-type": "application/json" },
    body: writeContext(random, identity.user),
  };
}

function queryOf({ proof }: Identity): string {
  return proof === undefined ? "" : `?h=${proof}`;
}

function headersOf({ kind, key }: Identity): Record<string, string> {
  return kind === "environment" ? {} : { authorization: key };
}

function encode(random: Random, user: string): string {
  return btoa(writeContext(random, user));
}

/** Writes a context in the shape of new SDKs or in that of old ones. */
function writeContext(random: Random, key: string): string {
  return JSON.stringify(random.chance(0.5) ? { kind: "user", key } : { key });
}
