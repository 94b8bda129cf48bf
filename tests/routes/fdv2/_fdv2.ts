import { assertEquals } from "@std/assert";
import { extendHistory, type Snapshot } from "../../../lib/snapshot/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import { type EnvironmentParts, makeSnapshot } from "../../_environments.ts";
import { makeRelay, type TestRelay } from "../../http/_relay.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** One message of a transfer. */
export interface Message {
  event: string;
  data: Json;
}

/** A relay of one environment, `e1`, that is handed archives. */
export class LoadedRelay implements AsyncDisposable {
  readonly relay: TestRelay;
  readonly #store: Store;

  private constructor(store: Store, relay: TestRelay) {
    this.#store = store;
    this.relay = relay;
  }

  /** Starts one; nothing is known of what was before. */
  static async start(
    parts: EnvironmentParts,
    options: Parameters<typeof makeRelay>[2] = {},
  ): Promise<LoadedRelay> {
    const store = new Store();
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", parts) }]);
    return new LoadedRelay(store, makeRelay(store, undefined, options));
  }

  get snapshot(): Snapshot {
    return this.#store.get("e1")!.snapshot!;
  }

  /** Loads an archive, and waits until the streams have it. */
  async load(parts: EnvironmentParts): Promise<void> {
    const previous = this.snapshot;
    const snapshot = await makeSnapshot("e1", parts, previous);
    if (snapshot !== previous) snapshot.history = await extendHistory(previous, snapshot, () => undefined);
    this.#store.replace([{ id: "e1", snapshot }]);
    await this.relay.delivery.update();
    await arrival();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay.delivery.close();
  }
}

/** Waits until what has been sent on streams has been read. */
export function arrival(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Polls, and returns the messages. */
export async function poll(
  { fetch }: TestRelay,
  path: string,
  init: RequestInit = SERVER,
): Promise<Message[]> {
  const response = await fetch(path, init);
  const text = await response.text();
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/json"], text);
  return JSON.parse(text).events;
}

/** What server-side SDKs send. */
export const SERVER: RequestInit = { headers: { authorization: "sdk-e1" } };

/** An open stream, which is read as fast as it comes. */
export class OpenStream implements AsyncDisposable {
  /** Messages that have not been taken. */
  #messages: Message[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Comments, and whatever is none of FDv2's messages. */
  readonly rest: string[] = [];
  /** Done when the relay has closed it. */
  readonly ended: Promise<void>;

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    this.ended = this.#readAll();
  }

  static async open({ fetch }: TestRelay, path: string, init: RequestInit = SERVER): Promise<OpenStream> {
    const response = await fetch(path, init);
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/event-stream; charset=utf-8",
    ]);
    const stream = new OpenStream(response.body!);
    await arrival();
    return stream;
  }

  /** Takes the messages that have come. */
  take(): Message[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  async #readAll(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      const blocks = (text + decoder.decode(read.value, { stream: true })).split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (event === undefined) this.rest.push(block);
        else this.#messages.push({ event, data: JSON.parse(data!) });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

/** The parts of a transfer, which must have its messages in order. */
export interface Transfer {
  code: string;
  /** Each as `put flag a 1` or `delete flag a 2`. */
  objects: string[];
  /** Selector; none where nothing is transferred. */
  state: string | undefined;
}

/** Reads the messages of one transfer. */
export function readTransfer(messages: Message[]): Transfer {
  const [intent, ...objects] = messages;
  assertEquals([intent?.event, intent?.data.payloads.length], ["server-intent", 1]);
  const { id, target, intentCode: code, reason } = intent!.data.payloads[0];
  assertEquals([typeof id, typeof target, typeof reason], ["string", "number", "string"]);
  if (code === "none") {
    assertEquals(objects, []);
    return { code, objects: [], state: undefined };
  }
  const last = objects.pop()!;
  assertEquals([last.event, last.data.id, last.data.version], ["payload-transferred", id, target]);
  return {
    code,
    state: last.data.state,
    objects: objects.map(({ event, data: { kind, key, version, object } }) => {
      assertEquals(object === undefined, event === "delete-object");
      return `${event.replace("-object", "")} ${kind} ${key} ${version}`;
    }),
  };
}

/** What an SDK keeps of data that it gets by FDv2. */
export class SdkStore {
  /** Selector of what it has. */
  basis: string | undefined;
  #items = new Map<string, { version: number; json?: string }>();
  #change: { isFull: boolean; items: Map<string, { version: number; json?: string }> } | undefined;
  readonly #comparesVersions: boolean;

  /** @param comparesVersions Whether it ignores a change whose version is not higher, as that of Node does; others take all. */
  constructor(comparesVersions: boolean) {
    this.#comparesVersions = comparesVersions;
  }

  /** What it evaluates, or shows. */
  get live(): string[] {
    return [...this.#items].flatMap(([name, { json }]) => json === undefined ? [] : [`${name} ${json}`])
      .sort();
  }

  /** Applies messages. */
  apply(messages: Message[]): void {
    for (const { event, data } of messages) {
      if (event === "server-intent") {
        this.#change = { isFull: data.payloads[0].intentCode === "xfer-full", items: new Map() };
      } else if (event === "put-object") {
        this.#change!.items.set(`${data.kind}/${data.key}`, {
          version: data.version,
          json: JSON.stringify(data.object),
        });
      } else if (event === "delete-object") {
        this.#change!.items.set(`${data.kind}/${data.key}`, { version: data.version });
      } else if (event === "payload-transferred") {
        this.#finish(data.state);
      }
    }
  }

  #finish(state: string): void {
    const { isFull, items } = this.#change!;
    if (isFull) this.#items = new Map();
    for (const [name, item] of items) {
      const known = this.#items.get(name);
      if (!known || !this.#comparesVersions || known.version < item.version) this.#items.set(name, item);
    }
    this.basis = state;
  }
}
