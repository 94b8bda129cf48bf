/**
 * Holds streams on all transports from a process of its own, checks each event, and waits for each version to come to each of them.
 * Some readers are slow; others leave, and as many come. See {@linkcode obey} for what it is asked; its one argument is
 * {@linkcode StreamOptions} in JSON.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type KindOfAsk, SLOW_STREAM, STREAMS } from "./asks.ts";
import { readEvents, type ServerEvent } from "./events.ts";
import { DroppedError, type Exchange, type HttpClient } from "./exchange.ts";
import { obey, type Orders } from "./orders.ts";
import { Problems } from "./problems.ts";
import { createClient, type Transport } from "./transports.ts";
import { Updates } from "./updates.ts";
import { COUNTER, Expectations, FIRST_VERSION, GUEST, hasGuest, WrongAnswerError } from "./versions.ts";

/** What is asked of the process. */
export interface StreamOptions {
  /** Where streams are opened, as many on each. */
  transports: Transport[];
  /** Number of streams. */
  count: number;
  /** Time after which a version that a stream has not got is lost: ms. */
  maxLag: number;
}

/** What has been seen since the beginning. */
export interface StreamReport {
  /** Streams that have begun, slow ones included. */
  open: number;
  /** Versions received, first ones not counted. */
  updates: number;
  /** Versions that streams never got. */
  lost: number;
  /** Versions that were superseded before they could be sent to a stream. */
  skipped: number;
  /** Events that should not have come. */
  wrong: number;
  /** Streams that ended, or could not be opened, for no reason of this process's. */
  disconnects: number;
  /** Streams that this process has left. */
  left: number;
  /** Slow streams that were read to the end of the first event. */
  slowRead: number;
  /** Slow streams that the relay has cut off. */
  slowCut: number;
  /** Versions that are on their way to streams. */
  pending: number;
  /** For each version that is not: how long it took to the last stream that is not slow: ms. */
  delays: number[];
  /** What the first problems were. */
  problems: string[];
}

/** One stream of so many is slow. */
const SLOW_EVERY = 20;

/** What a slow one reads: bytes a second. */
const SLOW_RATE = 64_000;

/** Share of the streams that leave each second, and how often some do: ms. */
const [LEAVING, LEAVING_MS] = [0.01, 100];

/** After so many streams that leave, a connection is closed with all that it carries, where it can be more than one. */
const DROP_EVERY = 50;

/** Streams opened every 10 ms at first, so that the relay can follow. */
const OPENED_TOGETHER = 4;

/** Pause after a failure: ms. */
const RETRY_MS = 1_000;

interface Stream {
  kind: KindOfAsk;
  transport: string;
  isSlow: boolean;
  exchange?: Exchange;
  /** When it was begun to open: `performance.now`. */
  since: number;
  /** 0 until the first event. */
  version: number;
  /** Newest version that had come by this transport when it was begun to open. */
  least: number;
  /** Newest version announced then, and pings since. */
  announced: number;
  pings: number;
}

class Streams implements Orders<StreamReport> {
  readonly #clients: [transport: string, client: HttpClient][];
  readonly #streams: Stream[] = [];
  readonly #expectations = new Expectations();
  readonly #problems = new Problems();
  readonly #updates: Updates<Stream>;
  readonly #seen = { updates: 0, skipped: 0, wrong: 0, disconnects: 0, left: 0, slowRead: 0, slowCut: 0 };
  /** Newest version that has come by each transport. */
  readonly #newest = new Map<string, number>();
  readonly #maxLag: number;
  #announced = FIRST_VERSION;

  constructor({ transports, maxLag }: StreamOptions) {
    this.#maxLag = maxLag;
    this.#updates = new Updates({
      maxLag,
      onLost: (stream, version) => this.#note(stream, `version ${version} is lost, it has ${stream.version}`),
    });
    this.#clients = transports.map((transport) => [transport.name, createClient(transport)]);
  }

  announce(version: number): void {
    this.#announced = version;
    this.#updates.announce(version, this.#streams.filter(({ version, isSlow }) => version > 0 && !isSlow));
  }

  report(): StreamReport {
    this.#updates.giveUp();
    this.#giveUpBeginnings();
    return {
      ...this.#seen,
      open: this.#streams.filter(({ exchange }) => exchange).length,
      lost: this.#updates.lost,
      pending: this.#updates.pending,
      delays: this.#updates.delays,
      problems: this.#problems.texts,
    };
  }

  /** Opens streams, and another for each that ends. */
  async open(count: number): Promise<void> {
    for (let place = 0; place < count; place++) {
      this.#hold(place);
      if (place % OPENED_TOGETHER === 0) await sleep(10);
    }
  }

  /** Leaves some streams now and then. */
  async leave(): Promise<never> {
    const share = this.#streams.length * LEAVING * LEAVING_MS / 1000;
    for (let due = share, turn = 1;; due += share, await sleep(LEAVING_MS)) {
      for (; due >= 1; due--, turn++) {
        const { exchange, isSlow } = this.#streams[Math.floor(Math.random() * this.#streams.length)]!;
        if (!isSlow) exchange?.abort();
        if (turn % DROP_EVERY === 0) { for (const [, client] of this.#clients) client.drop(); }
      }
    }
  }

  async #hold(place: number): Promise<never> {
    const [transport, client] = this.#clients[place % this.#clients.length]!;
    const turn = Math.floor(place / this.#clients.length);
    const isSlow = turn % SLOW_EVERY === SLOW_EVERY - 1;
    const kind = isSlow ? SLOW_STREAM : STREAMS[turn % STREAMS.length]!;
    while (true) {
      const stream: Stream = {
        kind,
        transport,
        isSlow,
        since: performance.now(),
        version: 0,
        least: this.#newest.get(transport) ?? FIRST_VERSION,
        announced: this.#announced,
        pings: 0,
      };
      this.#streams[place] = stream;
      try {
        await this.#follow(stream, client);
      } catch (error) {
        if (!this.#explain(stream, error)) await sleep(RETRY_MS);
      } finally {
        this.#updates.leave(stream);
      }
    }
  }

  /** Counts the streams that do not begin. Slow ones take their time. */
  #giveUpBeginnings(): void {
    const now = performance.now();
    for (const stream of this.#streams) {
      if (stream.version > 0 || stream.isSlow || stream.since > now - this.#maxLag) continue;
      this.#seen.disconnects++;
      this.#note(stream, "does not begin");
      stream.since = now;
      stream.exchange?.abort();
    }
  }

  /** Counts the end of a stream. Returns whether this process wanted it. */
  #explain(stream: Stream, error: unknown): boolean {
    if (error instanceof DroppedError) {
      this.#seen.left++;
      return true;
    }
    if (error instanceof WrongAnswerError || error instanceof SyntaxError) this.#seen.wrong++;
    else if (stream.isSlow && stream.exchange) {
      this.#seen.slowCut++;
      return false;
    } else this.#seen.disconnects++;
    this.#note(stream, String(error));
    return false;
  }

  async #follow(stream: Stream, client: HttpClient): Promise<never> {
    const exchange = await client.send(stream.kind.ask);
    stream.exchange = exchange;
    try {
      if (exchange.status !== 200) throw new Error(`Status ${exchange.status}`);
      for await (const event of readEvents(stream.isSlow ? readSlowly(exchange.body) : exchange.body)) {
        this.#check(stream, event);
        if (!stream.isSlow) continue;
        this.#seen.slowRead++;
        throw new DroppedError();
      }
      throw new Error("The stream has ended");
    } finally {
      exchange.abort();
    }
  }

  #check(stream: Stream, { name, data }: ServerEvent): void {
    const { kind } = stream;
    if (kind.name === "ping") return this.#takePing(stream, name, data);
    const isFirst = stream.version === 0;
    if (!isFirst && this.#isOfGuest(stream, name, data)) {
      return this.#expectations.checkConstant(`${name} of the guest, ${kind.name}`, data);
    }
    if (name !== "put" && (name !== "patch" || isFirst)) {
      throw new WrongAnswerError(`a ${name}: ${data.slice(0, 100)}`);
    }
    const version = this.#expectations.check(`${name} of ${kind.name}`, data);
    if (isFirst && !stream.isSlow && version < stream.least) {
      throw new WrongAnswerError(`version ${version} at the beginning, after ${stream.least}`);
    }
    this.#arrive(stream, version);
    this.#newest.set(stream.transport, Math.max(version, this.#newest.get(stream.transport) ?? 0));
  }

  /** Whether an event is what follows the counter's where the guest has come or gone. */
  #isOfGuest({ version }: Stream, name: string, data: string): boolean {
    return name === (hasGuest(version) ? "patch" : "delete") && data.includes(`${GUEST}"`) &&
      !data.includes(COUNTER);
  }

  /** A ping does not say of which version it is: of the newest. */
  #takePing(stream: Stream, name: string, data: string): void {
    // One when it begins, and one for the version that was being loaded then.
    const most = this.#announced - stream.announced + 2;
    if (name !== "ping" || data !== "" || ++stream.pings > most) {
      throw new WrongAnswerError(`a ${name} too many: ${data.slice(0, 100)}`);
    }
    if (this.#announced > stream.version) this.#arrive(stream, this.#announced);
  }

  #arrive(stream: Stream, version: number): void {
    if (version <= stream.version || version > this.#announced) {
      throw new WrongAnswerError(`version ${version} after ${stream.version}, before ${this.#announced}`);
    }
    if (stream.version > 0) {
      this.#seen.updates++;
      this.#seen.skipped += version - stream.version - 1;
    }
    stream.version = version;
    this.#updates.arrive(stream, version);
  }

  #note({ kind: { name, ask }, transport }: Stream, problem: string): void {
    this.#problems.note(`${name} by ${ask.method}, ${transport}: ${problem}`);
  }
}

/** Reads at the pace of a slow client. */
async function* readSlowly(body: Exchange["body"]): Exchange["body"] {
  for await (const piece of body) {
    yield piece;
    await sleep(piece.length / SLOW_RATE * 1000);
  }
}

const options: StreamOptions = JSON.parse(Deno.args[0]!);
const streams = new Streams(options);
streams.open(options.count).then(() => streams.leave());
await obey(streams);
