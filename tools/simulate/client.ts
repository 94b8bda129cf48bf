import type { PacedBody, Sink } from "../../lib/delivery/mod.ts";
import {
  ALL_WIRE,
  CLIENT_WIRE,
  readEvents,
  SimulatedSdk,
  takesHigher,
} from "../../tests/delivery/_simulated_sdk.ts";
import { type EnvironmentModel, type FlagModel, toJson } from "./archives.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Machine } from "./machine.ts";
import type { Kind } from "./model.ts";

/** Most that a reader gets before it asks for more: bytes. */
const PIECE_BYTES = 64 * 1024;

/** How a client reads. */
export type Pace = "fast" | "slow" | "stalled";

/** What a client streams. */
export interface Subscription {
  kind: Kind;
  key: string;
  /** Environment that the key opened. */
  environment: string;
  /** User who it evaluates for; a server SDK has none. */
  user?: string;
}

/** A client with an open stream, and what its SDK has. */
export class Client implements Sink {
  /** What it streams. */
  readonly subscription: Subscription;
  /** Whether it ever was not fast, so that the relay may have cut it off. */
  wasSlow = false;
  /** Whether the relay has closed the stream. */
  isClosed = false;
  /** Since when it has not read what was there: ms of uptime; `Infinity` when it has read everything. */
  waitsSince = Infinity;
  /** Since when its key opens nothing: ms of uptime; `Infinity` while it does. */
  revokedSince = Infinity;
  readonly #body: PacedBody;
  readonly #sdk: SimulatedSdk;
  readonly #machine: Machine;
  #pace: Pace = "fast";
  #piece: Uint8Array | undefined;
  #text = "";
  readonly #decoder = new TextDecoder();

  /**
   * Opens the stream and asks for the first piece.
   *
   * @param body Body of the response.
   * @param options What it streams, how it reads, and its clock.
   */
  constructor(
    body: PacedBody,
    { subscription, pace, machine }: { subscription: Subscription; pace: Pace; machine: Machine },
  ) {
    this.subscription = subscription;
    this.pace = pace;
    this.#body = body;
    this.#machine = machine;
    this.#sdk = new SimulatedSdk(subscription.user === undefined ? ALL_WIRE : CLIENT_WIRE, takesHigher);
    body.start(this);
    body.pull();
  }

  /** How it reads now. */
  get pace(): Pace {
    return this.#pace;
  }

  /** Changes how it reads. */
  set pace(pace: Pace) {
    this.#pace = pace;
    this.wasSlow ||= pace !== "fast";
  }

  /** Whether it has read everything that was sent. */
  get hasReadAll(): boolean {
    return this.#piece === undefined && this.#text === "";
  }

  /** See {@linkcode Sink}. */
  enqueue(piece: Uint8Array<ArrayBuffer>): void {
    if (this.#piece || piece.length > PIECE_BYTES) {
      throw new BrokenPromise(5, `a reader got ${piece.length} bytes, while it has not read what it had`);
    }
    this.#machine.activity++;
    this.#piece = piece;
    this.waitsSince = this.#machine.uptime();
  }

  /** See {@linkcode Sink}. */
  close(): void {
    this.#machine.activity++;
    this.isClosed = true;
  }

  /**
   * Reads the piece that is there, if any, and asks for the next.
   *
   * @returns The events that it completed.
   */
  read(): string[] {
    const piece = this.#piece;
    if (!piece) return [];
    this.#piece = undefined;
    this.waitsSince = Infinity;
    this.#text += this.#decoder.decode(piece, { stream: true });
    const end = this.#text.lastIndexOf("\n\n") + 2;
    const whole = this.#text.slice(0, end < 2 ? 0 : end).replaceAll(":\n\n", "");
    if (end >= 2) this.#text = this.#text.slice(end);
    const events = readEvents([new TextEncoder().encode(whole)]);
    for (const event of events) this.#sdk.apply(event);
    this.#body.pull();
    return events.map(({ name }) => name);
  }

  /** Disconnects. */
  vanish(): void {
    this.isClosed = true;
    this.#body.cancel();
  }

  /** Checks that its SDK has what the environment says now. */
  check({ flags }: EnvironmentModel): void {
    const { user, environment } = this.subscription;
    const held = this.#sdk.live.map(([id, json]) => `${id} ${summarize(JSON.parse(json))}`);
    const expected = [...flags].map(([key, flag]) =>
      user === undefined
        ? `/flags/${key} ${summarize(toJson(key, flag))}`
        : `${key} ${summarize(evaluate(flag, user))}`
    );
    if (held.join("\n") === expected.join("\n")) return;
    const what = `a client of ${environment} has ${short(held)} instead of ${short(expected)}`;
    throw new BrokenPromise(1, what);
  }
}

/**
 * Evaluates a flag for a user.
 *
 * @param flag The flag.
 * @param user Key of the user.
 * @returns What a client gets, without fields that never vary.
 */
export function evaluate({ version, on, value, except }: FlagModel, user: string): Record<string, unknown> {
  const variation = on && !except.includes(user) ? 1 : 0;
  return { version, variation, value: variation === 1 ? value : "no" };
}

/** Writes what a flag, or a result, is: the fields that vary. */
function summarize(json: Record<string, unknown>): string {
  const { version, on, variation, value, variations, targets } = json;
  return JSON.stringify({ version, on, variation, value, variations, targets });
}

function short(items: string[]): string {
  return JSON.stringify(items.map((item) => item.slice(0, 120)));
}
