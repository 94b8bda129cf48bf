import {
  type Ask,
  connect,
  DroppedError,
  type Endpoint,
  type Exchange,
  type HttpClient,
  writeAll,
} from "./exchange.ts";

/** Bytes read at a time. */
const READ_BYTES = 16 * 1024;

/** Age after which a connection that waits for a request is not used any more: ms. Node's server closes it after 120 s. */
const MAX_IDLE_MS = 60_000;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("latin1");

/** A client that speaks HTTP/1.1: one connection for each exchange at a time. */
export class Http1Client implements HttpClient {
  readonly #endpoint: Endpoint;
  #idle: { connection: Connection; since: number }[] = [];

  /** Connects when there is something to send. */
  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** See {@linkcode HttpClient}. */
  async send(ask: Ask): Promise<Exchange> {
    const oldest = Date.now() - MAX_IDLE_MS;
    for (const { connection, since } of this.#idle) if (since < oldest) connection.close();
    this.#idle = this.#idle.filter(({ since }) => since >= oldest);
    const connection = this.#idle.pop()?.connection ??
      new Connection(await connect(this.#endpoint, "http/1.1"));
    return await connection.send(ask, () => this.#idle.push({ connection, since: Date.now() }));
  }

  /** See {@linkcode HttpClient}. */
  drop(): void {
    this.#idle.shift()?.connection.close();
  }
}

/** A connection. */
class Connection {
  readonly #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** Bytes of the buffer that have not been looked at. */
  #rest = this.#buffer.subarray(0, 0);
  #isClosed = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  /** @param onEnd Called when the answer has been read and another request can be sent. */
  async send({ method, path, headers, body }: Ask, onEnd: () => void): Promise<Exchange> {
    try {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const length = body === undefined ? "" : `content-length: ${body.length}\r\n`;
      const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${length}${lines}\r\n`;
      await writeAll(this.#connection, ENCODER.encode(head + (body ?? "")));
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(await this.#readLine())?.[1] ?? 0);
      const answer = new Map<string, string>();
      for (let line; (line = await this.#readLine()) !== "";) {
        const colon = line.indexOf(":");
        answer.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
      }
      return {
        status,
        etag: answer.get("etag"),
        body: this.#readBody(status === 304 ? new Map() : answer, onEnd),
        abort: () => this.close(),
      };
    } catch (error) {
      throw this.#end(error);
    }
  }

  async *#readBody(headers: Map<string, string>, onEnd: () => void): Exchange["body"] {
    try {
      if (headers.get("transfer-encoding") !== "chunked") {
        yield* this.#readBytes(Number(headers.get("content-length") ?? 0));
      } else {
        for (let length; (length = parseInt(await this.#readLine(), 16)) !== 0;) {
          if (Number.isNaN(length)) throw new Error("A chunk has no length");
          yield* this.#readBytes(length);
          await this.#readLine();
        }
        await this.#readLine();
      }
    } catch (error) {
      throw this.#end(error);
    }
    if (headers.get("connection")?.toLowerCase() === "close") this.close();
    else onEnd();
  }

  async *#readBytes(length: number): Exchange["body"] {
    for (let left = length; left > 0;) {
      await this.#fill();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #readLine(): Promise<string> {
    for (let line = "";;) {
      await this.#fill();
      const end = this.#rest.indexOf(10) + 1 || this.#rest.length;
      line += DECODER.decode(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
      if (line.endsWith("\n")) return line.trimEnd();
    }
  }

  /** Reads until there is something to look at. */
  async #fill(): Promise<void> {
    if (this.#rest.length > 0) return;
    const length = await this.#connection.read(this.#buffer);
    if (length === null) throw new Error("The relay has closed the connection");
    this.#rest = this.#buffer.subarray(0, length);
  }

  /** Closes the connection. Returns whose doing that was. */
  #end(error: unknown): unknown {
    const isOurs = this.#isClosed;
    this.close();
    return isOurs ? new DroppedError() : error;
  }
}
