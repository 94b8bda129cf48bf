import type { PacedBody } from "../../lib/delivery/mod.ts";
import { concat } from "../../lib/wire/mod.ts";
import {
  ALL_WIRE,
  CLIENT_WIRE,
  FLAGS_WIRE,
  readEvents,
  SimulatedSdk,
  takesHigher,
} from "../../tests/delivery/_simulated_sdk.ts";
import { BrokenPromise } from "./broken_promise.ts";
import { type DataModel, listItems, type View } from "./environments.ts";
import type { Machine } from "./machine.ts";
import { mayRead, type ServedModel } from "./model.ts";
import { type Pace, Reader } from "./reader.ts";
import type { Identity } from "./requests.ts";

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();
const PING = "event: ping\ndata:  \n\n";

/** What a client streams. */
export interface Subscription extends Identity {
  /** Environment that the credential opened. */
  environment: string;
  /** What it gets. */
  subject: View | "ping";
  /** Digest of the data that it gets when it polls now: what that has to be, others check. */
  poll: () => string | undefined;
}

/** A client with an open stream, and what its SDK has. */
export class Client extends Reader {
  /** What it streams. */
  readonly subscription: Subscription;
  /** Since when its credential does not let it read its environment: ms of uptime; `Infinity` while it does. */
  revokedSince = Infinity;
  /** Whether that ever was so, so that the relay may have closed the stream. */
  wasRevoked = false;
  readonly #sdk: SimulatedSdk | undefined;
  /** What its last poll got, where it is told to poll, and since when that is not what is served. */
  #polled: { digest: string | undefined; oldSince: number } = { digest: undefined, oldSince: Infinity };
  /** Data that was last compared with what it has. */
  #checked: DataModel | undefined;
  /** Bytes of an event that has not come whole. */
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();

  /**
   * Creates it; nothing has been read.
   *
   * @param body Body of the response.
   * @param options What it streams, how it reads, and its clock.
   */
  constructor(
    body: PacedBody,
    { subscription, ...options }: { subscription: Subscription; pace: Pace; machine: Machine },
  ) {
    super(body, options);
    this.subscription = subscription;
    const { subject } = subscription;
    const wire = { all: ALL_WIRE, flags: FLAGS_WIRE }[subject as string] ?? CLIENT_WIRE;
    if (subject !== "ping") this.#sdk = new SimulatedSdk(wire, takesHigher);
  }

  /** See {@linkcode Reader}. */
  protected override take(piece: Uint8Array<ArrayBuffer>): string[] {
    const bytes = concat([this.#rest, piece]);
    const text = DECODER.decode(bytes);
    const separator = text.lastIndexOf("\n\n");
    const end = separator < 0 ? 0 : separator + 2;
    // The simulated texts are ASCII.
    this.#rest = bytes.slice(end);
    return this.#apply(text.slice(0, end).replaceAll(/^:\n\n/gm, ""));
  }

  #apply(text: string): string[] {
    if (text === "") return [];
    this.#checked = undefined;
    if (!this.#sdk) {
      if (text.replaceAll(PING, "") !== "") throw new BrokenPromise(1, `a client that polls got ${text}`);
      this.#polled = { digest: this.subscription.poll(), oldSince: Infinity };
      return ["ping"];
    }
    const events = readEvents([ENCODER.encode(text)]);
    for (const event of events) this.#sdk.apply(event);
    return events.map(({ name }) => name);
  }

  /**
   * Notes whether its credential lets it read its environment.
   *
   * @param served What the credential opens.
   * @param now The time: ms since epoch.
   */
  noteAccess(served: ServedModel | undefined, now: number): void {
    const { environment, kind, subject, user, proof } = this.subscription;
    const isOpened = served?.id === environment && served.data !== undefined;
    const isSecured = kind === "environment" && subject !== "ping";
    // A key with which it proved its context may have expired since: it is not asked again before something changes.
    const [isGood, wasGood] = [now, -Infinity].map((time) =>
      isOpened && (!isSecured || mayRead(served, { user, proof, now: time }))
    );
    this.revokedSince = wasGood ? Infinity : Math.min(this.revokedSince, this.machine.uptime());
    this.wasRevoked ||= !isGood;
  }

  /**
   * Checks that it has what its environment says now.
   *
   * @param data What it says.
   * @param maxDelay Time after which a client that polls is told to: ms.
   */
  check(data: DataModel, maxDelay: number): void {
    if (!this.isIdle || this.#rest.length > 0 || this.#checked === data) return;
    const { environment, subject } = this.subscription;
    if (subject === "ping") return this.#checkPoll(maxDelay);
    const held = this.#sdk!.live.map((item) => item.join(" "));
    const expected = listItems(data, subject).map((item) => item.join(" "));
    if (held.join("\n") !== expected.join("\n")) {
      const what = `a client of ${environment} has ${shorten(held)} instead of ${shorten(expected)}`;
      throw new BrokenPromise(1, what);
    }
    this.#checked = data;
  }

  #checkPoll(maxDelay: number): void {
    const uptime = this.machine.uptime();
    const { digest, oldSince } = this.#polled;
    this.#polled.oldSince = digest === this.subscription.poll() ? Infinity : Math.min(oldSince, uptime);
    if (uptime - this.#polled.oldSince <= maxDelay) return;
    throw new BrokenPromise(1, `a client of ${this.subscription.environment} is not told to poll`);
  }
}

function shorten(items: string[]): string {
  return JSON.stringify(items.map((item) => item.slice(0, 240)));
}
