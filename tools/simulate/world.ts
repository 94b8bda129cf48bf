import { createHash } from "node:crypto";
import type { PacedBody } from "../../lib/delivery/mod.ts";
import type { Handler } from "../../lib/http/mod.ts";
import { formatFields, type Log, type LogFields, once, Registry } from "../../lib/observe/mod.ts";
import type { CredentialKind } from "../../lib/store/mod.ts";
import { type ArchiveModel, IDS } from "./archives.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Client } from "./client.ts";
import { Machine } from "./machine.ts";
import { Model } from "./model.ts";
import type { Random } from "./random.ts";
import type { Download } from "./reader.ts";
import type { Ask } from "./requests.ts";

/** An answer of the relay. A long or endless body is not in the response. */
export interface Answer {
  /** Status and headers, and a body that is short. */
  response: Response;
  /** Body that is read piece by piece. */
  body?: PacedBody;
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
  /** All credentials that ever were in one of them. */
  readonly keys = new Map<string, CredentialKind>(IDS.map((id) => [id, "environment"]));
  /** All steps so far, for a person. */
  readonly steps: string[] = [];
  /** Clients with an open stream. */
  clients: Client[] = [];
  /** Clients that download a document, and what it is. */
  downloads: { download: Download; expected: string }[] = [];
  /** Its metrics. */
  registry = new Registry();
  /** Digest of the data that the relay serves of an environment, for those that poll when they are told to. */
  getDigest: (environment: string) => string | undefined = () => undefined;
  /** What answers requests, once it listens. */
  handler: Handler | undefined;
  /** Whether it has been told to stop. */
  isClosing = false;
  /** Error of something that nobody waits for. */
  failure: unknown;
  /** Archives that a relay may have saved last: the one that it loaded last, and those that came after it. */
  savable: ArchiveModel[] = [];
  /** Whether an archive was ever loaded. */
  hasLoaded = false;
  /** Turns of the event loop since an archive was loaded. */
  turnsSinceLoad = Infinity;
  /** Environments whose fault has been logged since the last load. */
  readonly #loud = new Set<unknown>();
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
   * @param ask The request.
   * @param more More headers.
   * @returns The answer.
   */
  async request({ path, headers, ...ask }: Ask, more: Record<string, string> = {}): Promise<Answer> {
    let body: PacedBody | undefined;
    const transport = {
      respond(given: PacedBody, init: ResponseInit): Response {
        body = given;
        return new Response(null, init);
      },
    };
    const request = new Request(`http://relay${path}`, { ...ask, headers: { ...headers, ...more } });
    const response = await this.#within(this.machine.freeze(() => this.handler!(request, transport)));
    return { response, ...body && { body } };
  }

  /** Forgets a relay that has ended, and those whom it served. */
  forgetRelay(): void {
    this.model.served = undefined;
    this.clients = [];
    this.downloads = [];
    this.handler = undefined;
    this.isClosing = false;
  }

  /** Reads a metric of the relay: the sum over its labels. */
  measure(metric: string): number {
    const { series } = this.registry.list().find(({ name }) => name === metric)!;
    return series.values().reduce((sum, [value]) => sum + value!, 0);
  }

  /**
   * Creates the relay's log, by which the model follows what is loaded.
   *
   * @returns The log.
   */
  makeLog(): Log {
    const write = (level: string) => (message: string, fields: LogFields = {}): void => {
      this.machine.activity++;
      if (level === "error") this.#loud.add(fields["environment"]);
      if (level !== "debug") this.trace(`  ${level}: ${message}${formatFields(fields)}`);
      const archive = this.written.get(String(fields["digest"]));
      if (archive && /^(Loaded|Reloaded) data$/.test(message)) this.#load(archive);
    };
    const warn = write("warn");
    return { debug: write("debug"), info: write("info"), warn, error: write("error"), warnOnce: once(warn) };
  }

  #load(archive: ArchiveModel): void {
    const { model } = this;
    if (!archive.environments) {
      this.failure = new BrokenPromise(1, `archive ${archive.number} is served, though it has to be refused`);
      return;
    }
    this.turnsSinceLoad = 0;
    this.hasLoaded = true;
    this.savable = this.savable.slice(this.savable.lastIndexOf(archive));
    // A key that has expired may come back.
    this.#noteAccess();
    const before = model.served;
    model.load(archive);
    for (const { id, hasFault } of model.served!) {
      const isNew = hasFault && !before?.find((environment) => environment.id === id)?.hasFault;
      if (!isNew || this.#loud.has(id)) continue;
      this.failure = new BrokenPromise(1, `nothing tells that environment ${id} is broken`);
    }
    this.#loud.clear();
    this.#noteAccess();
  }

  #noteAccess(): void {
    const now = this.machine.now();
    for (const client of this.clients) {
      const { kind, key } = client.subscription;
      client.noteAccess(this.model.find(kind, key, now), now);
    }
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
