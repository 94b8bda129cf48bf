import { TERMINAL } from "../../lib/cli/terminal.ts";
import { ClientProcess } from "./client_process.ts";
import type { SoakOptions } from "./options.ts";
import type { RequestOptions, RequestReport } from "./request_client.ts";
import { sleep } from "./sleep.ts";
import type { StreamOptions, StreamReport } from "./stream_client.ts";
import { mergeStreams, type Seen } from "./tables.ts";
import type { Transport } from "./transports.ts";

/** Streams that one process can hold beside the others. */
const STREAMS_PER_PROCESS = 5_000;

/** Longest time until all streams have been opened, before the first reload: ms. */
const OPEN_MS = 60_000;

/** Time between two looks at what is waited for: ms. */
const LOOK_MS = 100;

/** The processes with clients. */
export class Clients {
  readonly #streams: ClientProcess<StreamReport>[];
  readonly #streamCount: number;
  readonly #openRequests: () => ClientProcess<RequestReport>;
  #requests: ClientProcess<RequestReport> | undefined;

  /** Starts those with streams; the stack ends all of them. */
  constructor({ streams, requests, lag }: SoakOptions, transports: Transport[], stack: AsyncDisposableStack) {
    const processes = Math.ceil(streams / STREAMS_PER_PROCESS);
    const share: StreamOptions = { transports, count: Math.ceil(streams / processes), maxLag: lag * 1000 };
    this.#streamCount = processes * share.count;
    this.#streams = Array.from(
      { length: processes },
      () => stack.use(new ClientProcess<StreamReport>("stream_client.ts", share)),
    );
    const options: RequestOptions = { transports, rate: requests };
    this.#openRequests = () => stack.use(new ClientProcess<RequestReport>("request_client.ts", options));
  }

  /** Waits until all streams have been opened, then starts the requests. */
  async open(stop: AbortSignal): Promise<void> {
    const lastMoment = Date.now() + OPEN_MS;
    while (!stop.aborted && Date.now() < lastMoment) {
      if ((await this.#reportStreams()).open === this.#streamCount) {
        TERMINAL.print("all streams are open\n");
        break;
      }
      await sleep(LOOK_MS, stop);
    }
    this.#requests = this.#openRequests();
  }

  /** Says that an archive is about to be replaced by that of a version. */
  async announce(version: number): Promise<void> {
    await Promise.all([...this.#streams, this.#requests!].map((client) => client.announce(version)));
  }

  /** Asks what has been seen. */
  async report(): Promise<Seen> {
    return { streams: await this.#reportStreams(), requests: await this.#requests!.report() };
  }

  /** Leaves the last versions some time to come to all streams: ms. */
  async close(time: number): Promise<Seen> {
    const lastMoment = Date.now() + time + LOOK_MS;
    while ((await this.#reportStreams()).pending > 0 && Date.now() < lastMoment) await sleep(LOOK_MS);
    return await this.report();
  }

  async #reportStreams(): Promise<StreamReport> {
    return mergeStreams(await Promise.all(this.#streams.map((client) => client.report())));
  }
}
