import { createHash } from "node:crypto";
import type { PacedBody } from "../../lib/delivery/mod.ts";
import type { Handler } from "../../lib/http/mod.ts";
import { formatFields, type Log, type LogFields, once } from "../../lib/observe/mod.ts";
import type { ArchiveModel } from "./archives.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Client } from "./client.ts";
import { Machine } from "./machine.ts";
import { type Kind, Model } from "./model.ts";
import type { Random } from "./random.ts";

/** An answer of the relay. A long or endless body is not in the response. */
export interface Answer {
  /** Status and headers, and a body that is short. */
  response: Response;
  /** Body that is read piece by piece. */
  body?: PacedBody;
}

/** Options for {@linkcode World.request}. */
export interface RequestOptions {
  /** Key in the header `Authorization`. */
  key?: string;
  /** Whether the client accepts gzip. */
  isCompressed?: boolean;
}

/** A relay's surroundings: its machine, its clients, and what is known of it. */
export class World {
  /** Its machine. */
  readonly machine: Machine;
  /** Decides everything. */
  readonly random: Random;
  /** What it has to serve. */
  readonly model = new Model();
  /** All archives that ever were on the disk, by digest. */
  readonly written = new Map<string, ArchiveModel>();
  /** All keys that ever were in one of them. */
  readonly keys = new Map<string, Kind>();
  /** All steps so far, for a person. */
  readonly steps: string[] = [];
  /** Clients with an open stream. */
  clients: Client[] = [];
  /** What answers requests, once it listens. */
  handler: Handler | undefined;
  /** Whether it has been told to stop. */
  isClosing = false;
  /** Error of something that nobody waits for. */
  failure: unknown;
  readonly #digest = createHash("sha256");

  /**
   * Creates it, with a machine that has just started.
   *
   * @param random Decides everything.
   */
  constructor(random: Random) {
    this.random = random;
    this.machine = new Machine(random);
  }

  /** Notes a step. */
  trace(line: string): void {
    this.steps.push(`${(this.machine.uptime() / 1000).toFixed(3)} s: ${line}`);
    this.note(this.steps.at(-1)!);
  }

  /** Has something that happened count for the digest. */
  note(text: string): void {
    this.#digest.update(text);
  }

  /** Returns the digest of all that happened. Nothing can be noted after that. */
  digest(): string {
    return this.#digest.digest("hex").slice(0, 16);
  }

  /**
   * Sends a request. The answer must not wait for time to pass.
   *
   * @param path Path and query.
   * @param options Key and encoding.
   * @returns The answer.
   */
  async request(path: string, { key, isCompressed = false }: RequestOptions = {}): Promise<Answer> {
    const headers = {
      ...key !== undefined && { authorization: key },
      ...isCompressed && { "accept-encoding": "gzip" },
    };
    let body: PacedBody | undefined;
    const transport = {
      respond(given: PacedBody, init: ResponseInit): Response {
        body = given;
        return new Response(null, init);
      },
    };
    const response = await this.#within(
      this.handler!(new Request(`http://relay${path}`, { headers }), transport),
    );
    return { response, ...body && { body } };
  }

  /**
   * Creates the relay's log, by which the model follows what is loaded.
   *
   * @returns The log.
   */
  makeLog(): Log {
    const write = (level: string) => (message: string, fields: LogFields = {}): void => {
      this.machine.activity++;
      if (level !== "debug") this.trace(`  ${level}: ${message}${formatFields(fields)}`);
      const archive = this.written.get(String(fields["digest"]));
      if (archive && /^(Loaded|Reloaded) data$/.test(message)) this.#load(archive);
    };
    const warn = write("warn");
    return { debug: write("debug"), info: write("info"), warn, error: write("error"), warnOnce: once(warn) };
  }

  #load(archive: ArchiveModel): void {
    if (archive.environments) return this.model.load(archive);
    this.failure = new BrokenPromise(1, `archive ${archive.number} is served, though it has to be refused`);
  }

  async #within(response: Response | Promise<Response>): Promise<Response> {
    if (response instanceof Response) return response;
    let result: Response | undefined;
    response.then((value) => result = value, (error) => this.failure = error);
    await this.machine.settle();
    if (this.failure) throw this.failure;
    if (!result) throw new BrokenPromise(5, "a request waits for time to pass");
    return result;
  }
}
