/**
 * Sends requests at a steady rate from a process of its own, to all transports in turn, whether or not answers come in time, and
 * checks each answer. See {@linkcode obey} for what it is asked; its one argument is {@linkcode RequestOptions} in JSON.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type KindOfAsk, REQUESTS } from "./asks.ts";
import { DroppedError, type HttpClient } from "./exchange.ts";
import { obey, type Orders } from "./orders.ts";
import { Problems } from "./problems.ts";
import { percentile } from "./statistics.ts";
import { createClient, type Transport } from "./transports.ts";
import { Expectations, FIRST_VERSION, WrongAnswerError } from "./versions.ts";

/** What is asked of the process. */
export interface RequestOptions {
  /** Where requests go. */
  transports: Transport[];
  /** Requests a second. */
  rate: number;
}

/** What has been seen since the beginning. */
export interface RequestReport {
  /** Requests that have been answered well. */
  requests: number;
  /** Those that were not answered, or with a wrong status. */
  errors: number;
  /** Answers with wrong bytes, or of an older version than one before. */
  wrong: number;
  /** From when a request was due until its answer was complete: ms. */
  p50: number;
  /** The same for 99 of 100. */
  p99: number;
  /** What the first problems were. */
  problems: string[];
}

/** Longest time for an answer: ms. */
const MAX_WAIT_MS = 30_000;

/** After so many requests a connection is closed: no multiple of the number of transports, so that each has its turn. */
const DROP_EVERY = 51;

/** How each request is sent. */
const FORMS = ["plain", "gzip", "etag", "gzip and etag"];

/** A transport as it is used. */
interface Target {
  name: string;
  client: HttpClient;
  /** Newest version that was seen on it. */
  version: number;
}

class Requests implements Orders<RequestReport> {
  readonly #targets: Target[];
  readonly #rate: number;
  readonly #expectations = new Expectations();
  readonly #problems = new Problems();
  readonly #waits: number[] = [];
  /** Newest entity tag of each kind, the same on all transports. */
  readonly #etags = new Map<string, { version: number; etag: string }>();
  #errors = 0;
  #wrong = 0;
  #announced = FIRST_VERSION;

  constructor({ transports, rate }: RequestOptions) {
    this.#rate = rate;
    this.#targets = transports.map((transport) => ({
      name: transport.name,
      client: createClient(transport),
      version: FIRST_VERSION,
    }));
  }

  announce(version: number): void {
    this.#announced = version;
  }

  report(): RequestReport {
    const sorted = Float32Array.from(this.#waits).sort();
    return {
      requests: this.#waits.length,
      errors: this.#errors,
      wrong: this.#wrong,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      problems: this.#problems.texts,
    };
  }

  async run(): Promise<never> {
    const begin = performance.now();
    for (let i = 0;; i++) {
      const due = begin + i * 1000 / this.#rate;
      await sleep(Math.max(0, due - performance.now()));
      const target = this.#targets[i % this.#targets.length]!;
      const turn = Math.floor(i / this.#targets.length);
      const kind = REQUESTS[turn % REQUESTS.length]!;
      this.#request(target, kind, FORMS[Math.floor(turn / REQUESTS.length) % FORMS.length]!, due);
      if (i % DROP_EVERY === 0) target.client.drop();
    }
  }

  async #request(target: Target, kind: KindOfAsk, form: string, due: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("No answer in time")), MAX_WAIT_MS);
      });
      await Promise.race([this.#exchange(target, kind, form), late]);
      this.#waits.push(performance.now() - due);
    } catch (error) {
      if (error instanceof DroppedError) return;
      if (error instanceof WrongAnswerError) this.#wrong++;
      else this.#errors++;
      this.#problems.note(
        `${kind.ask.method} ${kind.ask.path.slice(0, 40)}, ${form}, ${target.name}: ${error}`,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(target: Target, { name, ask }: KindOfAsk, form: string): Promise<void> {
    const seen = target.version;
    const known = this.#etags.get(name);
    const etag = form.includes("etag") && known?.version === seen ? known.etag : undefined;
    const headers = {
      ...ask.headers,
      ...form.includes("gzip") && { "accept-encoding": "gzip" },
      ...etag !== undefined && { "if-none-match": etag },
    };
    const answer = await target.client.send({ ...ask, headers });
    const text = await readText(answer.body);
    if (answer.status === 304 && etag !== undefined) {
      if (text !== "") throw new WrongAnswerError("304 with a body");
      return;
    }
    if (answer.status !== 200) throw new Error(`Status ${answer.status}: ${text.slice(0, 100)}`);
    if (name === "status" && JSON.parse(text).status !== "healthy") {
      throw new WrongAnswerError(text.slice(0, 100));
    }
    if (/^(status|health)/.test(name)) return;
    const version = this.#expectations.check(name, text);
    if (version < seen || version > this.#announced) {
      throw new WrongAnswerError(`version ${version} after ${seen}, before ${this.#announced}`);
    }
    target.version = Math.max(target.version, version);
    this.#compareEtags(name, version, answer.etag);
  }

  #compareEtags(name: string, version: number, etag: string | undefined): void {
    if (etag === undefined) return;
    const known = this.#etags.get(name);
    if (!known || known.version < version) this.#etags.set(name, { version, etag });
    else if (known.version === version && known.etag !== etag) {
      throw new WrongAnswerError(`entity tags ${etag} and ${known.etag} of version ${version}`);
    }
  }
}

/** Reads a body, compressed or not. */
async function readText(body: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<string> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of body) pieces.push(piece.slice());
  const blob = new Blob(pieces);
  if (pieces[0]?.[0] !== 0x1f) return await blob.text();
  return await new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const options: RequestOptions = JSON.parse(Deno.args[0]!);
const requests = new Requests(options);
if (options.rate > 0) requests.run();
await obey(requests);
