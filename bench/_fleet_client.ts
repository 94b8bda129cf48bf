/**
 * Holds a fleet of streams of `/all` from a process of its own and checks each event. Prints `{}` when all streams have begun; then,
 * for each line `VERSION TIME` on standard input, a {@linkcode FleetReport} in one line.
 *
 * Arguments: port, Authorization, number of streams.
 */

/** What a part of the fleet has seen so far. */
export interface FleetReport {
  /** Streams that have begun. */
  open: number;
  /** Streams opened before the time asked for that are not at the version asked for. */
  behind: number;
  /** Updates received, first events not counted. */
  updates: number;
  /** Versions that were superseded before they could be sent to a stream. */
  skipped: number;
  /** Events that are neither a patch of the flag nor a put, or not of a newer version. */
  wrong: number;
  /** Streams that ended, or could not be opened, for no reason of this process's. */
  cut: number;
  /** Longest time since the last report between the making of a version and its arrival on a stream that is not slow: ms. */
  longest: number;
  /** What the first wrong events and ends were. */
  problems: string[];
}

/** Key of the flag that changes. */
export const FLAG = "counter";

/** Value of the flag: its version, and when that was made. */
export function valueOf(version: number): string {
  return `version ${version} of ${Date.now()}`;
}

/** Splits text as it arrives into lines. */
export async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** One stream of so many is slow. */
const SLOW_EVERY = 20;

/** What a slow one reads at a time, and how long it rests after that: 16 KB/s. */
const [SLOW_BYTES, SLOW_MS] = [8_000, 500];

/** What others read at a time until their first event is complete, and then. */
const [FIRST_BYTES, UPDATE_BYTES] = [16 * 1024, 2 * 1024];

/** Share of the streams that leave each second, and how often some do: ms. */
const [LEAVING, LEAVING_MS] = [0.01, 100];

/** Streams opened every 10 ms at first, so that the relay can follow. */
const OPENED_TOGETHER = 4;

const MAX_PROBLEMS = 10;

const DECODER = new TextDecoder("latin1");

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Takes an answer apart as it arrives: headers, chunks, events. */
class EventParser {
  readonly #onEvent: (event: string) => void;
  #line = "";
  #status = "";
  #left = 0;
  #event = "";

  constructor(onEvent: (event: string) => void) {
    this.#onEvent = onEvent;
  }

  push(text: string): void {
    for (let at = 0; at < text.length;) {
      if (this.#left > 0) {
        const data = text.slice(at, at + this.#left);
        this.#left -= data.length;
        at += data.length;
        this.#takeData(data);
      } else {
        const end = text.indexOf("\n", at) + 1 || text.length;
        this.#line += text.slice(at, end);
        at = end;
        if (this.#line.endsWith("\n")) this.#takeLine();
      }
    }
  }

  /** A line of the headers, the empty one after them or after a chunk, or the length of a chunk. */
  #takeLine(): void {
    const line = this.#line.trimEnd();
    this.#line = "";
    if (!this.#status) {
      this.#status = line;
      if (!line.startsWith("HTTP/1.1 200 ")) throw new Error(line);
    } else if (/^[0-9a-f]+$/.test(line)) {
      this.#left = parseInt(line, 16);
      if (this.#left === 0) throw new Error("The relay has ended the stream");
    }
  }

  #takeData(data: string): void {
    this.#event += data;
    // An end that was cut in two by the way it arrived begins with the last character before.
    let from = Math.max(0, this.#event.length - data.length - 1);
    for (let end; (end = this.#event.indexOf("\n\n", from)) >= 0; from = 0) {
      this.#onEvent(this.#event.slice(0, end));
      this.#event = this.#event.slice(end + 2);
    }
  }
}

interface Stream {
  connection?: Deno.TcpConn;
  openedAt: number;
  isSlow: boolean;
  /** 0 until the first event. */
  version: number;
  /** Whether it has been left, or has ended. */
  isOver: boolean;
}

class Fleet {
  readonly #port: number;
  readonly #request: Uint8Array<ArrayBuffer>;
  readonly #streams: Stream[] = [];
  readonly #seen = { updates: 0, skipped: 0, wrong: 0, cut: 0, problems: [] as string[] };
  #longest = 0;

  constructor(port: number, key: string) {
    this.#port = port;
    this.#request = new TextEncoder().encode(
      `GET /all HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${key}\r\n\r\n`,
    );
  }

  /** Opens streams, and another for each that ends. Resolves when all have begun. */
  async open(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#hold(i);
      if (i % OPENED_TOGETHER === 0) await sleep(10);
    }
    while (this.report(1, Infinity).behind > 0) await sleep(100);
  }

  /** Leaves some streams now and then. */
  async leave(): Promise<void> {
    for (let due = 0;; await sleep(LEAVING_MS)) {
      due += this.#streams.length * LEAVING * LEAVING_MS / 1000;
      for (; due >= 1; due--) {
        const stream = this.#streams[Math.floor(Math.random() * this.#streams.length)]!;
        if (!stream.connection || stream.isOver) continue;
        stream.isOver = true;
        stream.connection.close();
      }
    }
  }

  report(version: number, openedBefore: number): FleetReport {
    const streams = this.#streams.filter((stream) => !stream.isOver);
    const longest = this.#longest;
    this.#longest = 0;
    return {
      ...this.#seen,
      longest,
      open: streams.filter((stream) => stream.version > 0).length,
      behind: streams.filter((stream) => stream.version < version && stream.openedAt <= openedBefore).length,
    };
  }

  async #hold(place: number): Promise<never> {
    while (true) {
      const isSlow = place % SLOW_EVERY === 0;
      const stream: Stream = { openedAt: Date.now(), isSlow, version: 0, isOver: false };
      this.#streams[place] = stream;
      try {
        await this.#follow(stream);
      } catch (error) {
        if (stream.isOver) continue;
        stream.isOver = true;
        this.#seen.cut++;
        this.#note(`${error} after ${Date.now() - stream.openedAt} ms${isSlow ? ", slow" : ""}`);
        await sleep(1000);
      }
    }
  }

  async #follow(stream: Stream): Promise<void> {
    const connection = await Deno.connect({ port: this.#port, hostname: "127.0.0.1" });
    stream.connection = connection;
    try {
      await connection.write(this.#request);
      const parser = new EventParser((event) => this.#check(stream, event));
      let buffer = new Uint8Array(stream.isSlow ? SLOW_BYTES : FIRST_BYTES);
      while (!stream.isOver) {
        const length = await connection.read(buffer);
        if (length === null) throw new Error("The relay has closed the connection");
        parser.push(DECODER.decode(buffer.subarray(0, length)));
        if (stream.isSlow) await sleep(SLOW_MS);
        else if (stream.version > 0 && buffer.length > UPDATE_BYTES) buffer = new Uint8Array(UPDATE_BYTES);
      }
    } finally {
      if (!stream.isOver) connection.close();
    }
  }

  #check(stream: Stream, event: string): void {
    if (event.startsWith(":")) return;
    const isExpected = event.startsWith("event: put\ndata: {") ||
      event.startsWith(`event: patch\ndata: {"path":"/flags/${FLAG}",`) && stream.version > 0;
    const [, version, madeAt] = /"version (\d+) of (\d+)"/.exec(event) ?? [];
    if (!isExpected || !(Number(version) > stream.version)) {
      this.#seen.wrong++;
      this.#note(`at version ${stream.version}: ${event.slice(0, 200)}`);
      return;
    }
    if (stream.version > 0) {
      this.#seen.updates++;
      this.#seen.skipped += Number(version) - stream.version - 1;
      if (!stream.isSlow) this.#longest = Math.max(this.#longest, Date.now() - Number(madeAt));
    }
    stream.version = Number(version);
  }

  #note(problem: string): void {
    if (this.#seen.problems.length < MAX_PROBLEMS) this.#seen.problems.push(problem);
  }
}

function print(value: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

if (import.meta.main) {
  const [port, key, count] = Deno.args as [string, string, string];
  const fleet = new Fleet(Number(port), key);
  await fleet.open(Number(count));
  print({});
  fleet.leave();
  for await (const line of readLines(Deno.stdin.readable)) {
    const [version, openedBefore] = line.split(" ");
    print(fleet.report(Number(version), Number(openedBefore)));
  }
  Deno.exit();
}
