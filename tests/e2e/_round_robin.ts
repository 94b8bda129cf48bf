import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A poll that a relay has answered. */
export interface Poll {
  /** Which relay: its place in the list. */
  relay: number;
  /** How it answered. */
  status: number;
}

/** How long a test may have to wait for polls: ms. */
const WAIT_MS = 20_000;

/** Paths of polls: of server SDKs, and of all with their data system. */
const POLLS = /^\/sdk\/(latest-all$|poll($|\/))/;

/** A load balancer: hands the requests for a path to one relay after another. */
export class RoundRobin implements AsyncDisposable {
  /** Polls that were answered, in their order. */
  readonly polls: Poll[] = [];

  readonly #server = createServer();
  readonly #turns = new Map<string, number>();
  #wake = Promise.withResolvers<void>();

  private constructor(relays: readonly { url: string }[]) {
    this.#server.on("request", (incoming, outgoing) => {
      const { method, headers, url: path = "" } = incoming;
      const pathname = path.split("?", 1)[0]!;
      const relay = this.#turns.get(pathname) ?? 0;
      // A browser asks first whether it may ask.
      if (method !== "OPTIONS") this.#turns.set(pathname, (relay + 1) % relays.length);
      const forwarded = request(
        `${relays[relay]!.url}${path}`,
        { method, headers, agent: false },
        (answer) => {
          const status = answer.statusCode!;
          outgoing.writeHead(status, answer.headers);
          answer.pipe(outgoing);
          if (method === "OPTIONS" || !POLLS.test(pathname)) return;
          this.polls.push({ relay, status });
          this.#wake.resolve();
        },
      );
      incoming.pipe(forwarded);
    });
  }

  /** Starts one before some relays. */
  static async start(relays: readonly { url: string }[]): Promise<RoundRobin> {
    const balancer = new RoundRobin(relays);
    await new Promise<void>((resolve) => balancer.#server.listen(0, "127.0.0.1", resolve));
    return balancer;
  }

  /** Where it listens, without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until `polls` are as a test wants them. */
  async waitFor(isReached: (polls: Poll[]) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(WAIT_MS);
    deadline.onabort = () => this.#wake.resolve();
    while (!isReached(this.polls)) {
      if (deadline.aborted) throw new Error(`Waited in vain; polls: ${JSON.stringify(this.polls)}`);
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
