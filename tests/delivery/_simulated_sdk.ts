import type { Parts } from "../../lib/wire/mod.ts";
import type { Snapshot } from "../../lib/snapshot/mod.ts";
import { text } from "../_environments.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** What an SDK knows of a flag or segment, or of a result: its JSON as text, none when it was told to delete it. */
export interface Held {
  version: number;
  json?: string;
}

/** One event of a stream. */
export interface StreamEvent {
  name: string;
  data: Json;
}

/** How the SDKs of one stream read it: events name things differently. */
export interface Wire {
  /** All things in the data of a `put`. */
  readPut(data: Json): Map<string, Held>;
  /** Which thing a `patch` or `delete` is about. */
  readId(data: Json): string;
  /** What a `patch` says that it now is. */
  readPatch(data: Json): Json;
}

/** Takes an event about something that the SDK knows in some version, or does not. */
export type Rule = (event: string, held: number, offered: number) => boolean;

/** `@launchdarkly/node-server-sdk` 9, `launchdarkly-node-server-sdk` 7, `@launchdarkly/js-client-sdk` 4. */
export function takesHigher(_event: string, held: number, offered: number): boolean {
  return offered > held;
}

/** `launchdarkly-js-client-sdk` 3: a version of 0 counts as none, in a `patch` only. */
export function takesHigherOrNone(event: string, held: number, offered: number): boolean {
  return (event === "patch" && (held === 0 || offered === 0)) || offered > held;
}

/** The flags and segments, or results, that an SDK has, kept as the SDK keeps them. */
export class SimulatedSdk {
  /** All it has, tombstones included. */
  held = new Map<string, Held>();
  readonly #wire: Wire;
  readonly #rule: Rule;

  constructor(wire: Wire, rule: Rule) {
    this.#wire = wire;
    this.#rule = rule;
  }

  /** What it would evaluate, or show. */
  get live(): [id: string, json: string][] {
    return [...this.held].flatMap(([id, { json }]): [string, string][] =>
      json === undefined ? [] : [[id, json]]
    )
      .sort();
  }

  apply({ name, data }: StreamEvent): void {
    if (name === "put") {
      this.held = this.#wire.readPut(data);
      return;
    }
    const id = this.#wire.readId(data);
    const current = name === "patch" ? this.#wire.readPatch(data) : data;
    const known = this.held.get(id);
    if (known && !this.#rule(name, known.version, current.version)) return;
    const { version } = current;
    this.held.set(id, name === "patch" ? { version, json: JSON.stringify(current) } : { version });
  }
}

/** `/all`. */
export const ALL_WIRE: Wire = {
  readPut: ({ data }) =>
    new Map([...readItems("/flags/", data.flags), ...readItems("/segments/", data.segments)]),
  readId: ({ path }) => path,
  readPatch: ({ data }) => data,
};

/** `/flags`. */
export const FLAGS_WIRE: Wire = { ...ALL_WIRE, readPut: (data) => readItems("/", data) };

/** `/eval` and `/meval`. */
export const CLIENT_WIRE: Wire = {
  readPut: (data) => readItems("", data),
  readId: ({ key }) => key,
  readPatch({ key: _key, ...evaluation }) {
    return evaluation;
  },
};

/** Events out of the bytes of a stream. */
export function readEvents(bytes: Parts): StreamEvent[] {
  return text(bytes).split("\n\n").slice(0, -1).map((event) => {
    const [, name, data] = /^event: (put|patch|delete)\ndata: (.*)$/.exec(event)!;
    return { name: name!, data: JSON.parse(data!) };
  });
}

/** What somebody who asks afresh gets. */
export type Fetch = (snapshot: Snapshot) => Json;

function readItems(prefix: string, items: Record<string, Json>): Map<string, Held> {
  return new Map(
    Object.entries(items).map((
      [key, item],
    ) => [prefix + key, { version: item.version, json: JSON.stringify(item) }]),
  );
}
