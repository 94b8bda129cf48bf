import {
  type Ask,
  connect,
  DroppedError,
  type Endpoint,
  type Exchange,
  type HttpClient,
  writeAll,
} from "./exchange.ts";
import {
  DATA,
  encodeFrame,
  encodeHeaders,
  encodeNumber,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  readFrames,
  readStatus,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./http2_frames.ts";

/** Streams on one connection. Servers of hyper allow 200. */
const MAX_STREAMS = 25;

/** What a client begins with (RFC 9113, 3.4). */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Bytes that the server may send on one stream before they are taken, and more of them on all streams of a connection together. */
const [STREAM_WINDOW, CONNECTION_WINDOW] = [256 * 1024, 8 * 1024 ** 2];

/** Bytes taken before the server is allowed as many again. */
const UPDATE_BYTES = STREAM_WINDOW / 4;

/** Settings: no dynamic table in the headers that we get, no server push, the window of each stream. */
const OUR_SETTINGS: [id: number, value: number][] = [[1, 0], [2, 0], [4, STREAM_WINDOW]];

/** Error code by which a stream is left. */
const CANCEL = 8;

/** A client that speaks HTTP/2 over TLS, as far as is needed here: it reads no header but the status. */
export class Http2Client implements HttpClient {
  readonly #endpoint: Endpoint;
  #connections: Connection[] = [];

  /** Connects when there is something to send. */
  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** See {@linkcode HttpClient}. */
  async send(ask: Ask): Promise<Exchange> {
    this.#connections = this.#connections.filter((connection) => connection.isOpen);
    let connection = this.#connections.find(({ streams }) => streams < MAX_STREAMS);
    if (!connection) this.#connections.push(connection = new Connection(this.#endpoint));
    return await connection.send(ask);
  }

  /** See {@linkcode HttpClient}. */
  drop(): void {
    this.#connections.shift()?.close(new DroppedError());
  }
}

/** A connection and its streams. */
class Connection {
  isOpen = true;
  readonly #ready: Promise<Deno.Conn>;
  readonly #open = new Map<number, Stream>();
  /** Number of exchanges that wait for the connection. */
  #waiting = 0;
  #lastId = -1;
  #written: Promise<void> = Promise.resolve();
  #received = 0;

  constructor(endpoint: Endpoint) {
    this.#ready = this.#connect(endpoint);
    this.#ready.catch(() => this.isOpen = false);
  }

  /** Number of exchanges. */
  get streams(): number {
    return this.#waiting + this.#open.size;
  }

  async send({ method, path, headers, body }: Ask): Promise<Exchange> {
    this.#waiting++;
    await this.#ready.finally(() => this.#waiting--);
    if (!this.isOpen) throw new DroppedError();
    const stream = new Stream();
    const id = this.#lastId += 2;
    this.#open.set(id, stream);
    const fields = { ":method": method, ":scheme": "https", ":authority": "localhost", ":path": path };
    const flags = body === undefined ? END_HEADERS | END_STREAM : END_HEADERS;
    this.#write(HEADERS, flags, id, encodeHeaders({ ...fields, ...headers }));
    if (body !== undefined) this.#write(DATA, END_STREAM, id, new TextEncoder().encode(body));
    try {
      return {
        status: await stream.status,
        body: this.#readBody(id, stream),
        abort: () => this.#leave(id, stream),
      };
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  /** Closes it, and ends what it carries. */
  close(error: unknown): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const stream of this.#open.values()) stream.end(error);
    this.#ready.then((connection) => connection.close(), () => {});
  }

  async #connect(endpoint: Endpoint): Promise<Deno.Conn> {
    const connection = await connect(endpoint, "h2");
    await writeAll(connection, new TextEncoder().encode(PREFACE));
    const settings = OUR_SETTINGS.flatMap(([id, value]) => [0, id, ...encodeNumber(value)]);
    await writeAll(connection, encodeFrame(SETTINGS, 0, 0, new Uint8Array(settings)));
    await writeAll(connection, encodeFrame(WINDOW_UPDATE, 0, 0, encodeNumber(CONNECTION_WINDOW)));
    this.#receive(connection).catch((error) => this.close(error));
    return connection;
  }

  async *#readBody(id: number, stream: Stream): Exchange["body"] {
    let taken = 0;
    try {
      for (let piece; (piece = await stream.next());) {
        yield piece;
        taken += piece.length;
        if (taken < UPDATE_BYTES) continue;
        this.#write(WINDOW_UPDATE, 0, id, encodeNumber(taken));
        taken = 0;
      }
    } finally {
      this.#open.delete(id);
    }
  }

  #leave(id: number, stream: Stream): void {
    if (!stream.end(new DroppedError())) return;
    this.#open.delete(id);
    this.#write(RST_STREAM, 0, id, encodeNumber(CANCEL));
  }

  /** Writes one frame after the other. */
  #write(type: number, flags: number, id: number, payload: Uint8Array): void {
    if (!this.isOpen) return;
    const frame = encodeFrame(type, flags, id, payload);
    this.#written = this.#written.then(async () => writeAll(await this.#ready, frame))
      .catch((error) => this.close(error));
  }

  async #receive(connection: Deno.Conn): Promise<never> {
    for await (const { type, flags, id, payload } of readFrames(connection)) {
      const stream = this.#open.get(id);
      if (flags & PADDED && (type === DATA || type === HEADERS)) throw new Error("A padded frame");
      if (type === DATA) {
        this.#received += payload.length;
        if (this.#received >= UPDATE_BYTES) {
          this.#write(WINDOW_UPDATE, 0, 0, encodeNumber(this.#received));
          this.#received = 0;
        }
        if (payload.length > 0) stream?.push(payload);
      } else if (type === HEADERS) {
        stream?.start(readStatus(flags & PRIORITY ? payload.subarray(5) : payload));
      } else if (type === RST_STREAM) {
        stream?.end(new Error(`The relay has reset the stream: ${payload.toHex()}`));
      } else if (type === SETTINGS && !(flags & END_STREAM)) {
        this.#write(SETTINGS, END_STREAM, 0, new Uint8Array());
      } else if (type === PING && !(flags & END_STREAM)) {
        this.#write(PING, END_STREAM, 0, payload);
      } else if (type === GOAWAY) {
        throw new Error(`The relay is leaving: ${payload.toHex()}`);
      }
      if (flags & END_STREAM && (type === DATA || type === HEADERS)) stream?.end();
    }
    throw new Error("The relay has closed the connection");
  }
}

/** The answer of one exchange as it arrives. */
class Stream {
  readonly #status = Promise.withResolvers<number>();
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #wake = Promise.withResolvers<void>();
  #isOver = false;
  #error: unknown;

  constructor() {
    // Whoever waits for it is told.
    this.#status.promise.catch(() => {});
  }

  get status(): Promise<number> {
    return this.#status.promise;
  }

  start(status: number): void {
    this.#status.resolve(status);
  }

  push(piece: Uint8Array<ArrayBuffer>): void {
    this.#pieces.push(piece);
    this.#wake.resolve();
  }

  /** Returns whether it was open until now. */
  end(error?: unknown): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#error = error;
    this.#status.reject(error ?? new Error("An answer without a status"));
    this.#wake.resolve();
    return true;
  }

  /** The next piece; `undefined` at the end. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (true) {
      if (this.#error) throw this.#error;
      const piece = this.#pieces.shift();
      if (piece || this.#isOver) return piece;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }
}
