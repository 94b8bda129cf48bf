import type { Counter, Gauge, Meter } from "../observe/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import { lengthOf, type Parts } from "../wire/mod.ts";

/** Reasons for which clients are turned away for the moment. */
export type ShedReason = (typeof SHED_REASONS)[number];

/** The shortage that each stands for: room for requests, time for evaluations, memory, or room for streams. */
const SHED_REASONS = ["requests", "evaluations", "memory", "streams"] as const;

/** Events by which sent bytes are told apart: those of the streams of SDKs, and heartbeats. */
const EVENTS = ["put", "patch", "delete", "ping", "heartbeat", "other"] as const;

/** What comes before the name of an event. */
const FIELD_LENGTH = "event: ".length;

/** Longest name that is told apart: "heartbeat" is none. */
const NAME_LENGTH = "delete".length;

const DECODER = new TextDecoder();

/** Counts streams, what is written to them, and who is turned away. */
export class DeliveryMetrics {
  readonly #shed: ReadonlyMap<ShedReason, Counter>;
  readonly #sent: ReadonlyMap<string, Counter>;
  readonly #streams: Record<CredentialKind, Gauge>;
  readonly #used: Record<CredentialKind, Gauge>;

  /**
   * Registers the metrics.
   *
   * @param meter Where.
   */
  constructor(meter: Meter) {
    const shed = meter.counter("halyard_requests_shed_total", {
      help: "Requests turned away with 503 and Retry-After, by what was short",
      labels: ["reason"],
    });
    this.#shed = new Map(SHED_REASONS.map((reason) => [reason, shed.with(reason)]));
    const sent = meter.counter("halyard_stream_sent_bytes_total", {
      help: "Bytes written to streams, by the first event of each write",
      labels: ["event"],
    });
    this.#sent = new Map(EVENTS.map((event) => [event, sent.with(event)]));
    const streams = meter.gauge("halyard_streams", { help: "Open streams, by credential", labels: ["kind"] });
    this.#streams = forEachKind(streams.with);
    const used = meter.gauge("halyard_budget_used_bytes", {
      help: "Memory in use for what is made for one client alone, by credential: bytes",
      labels: ["kind"],
    });
    this.#used = forEachKind(used.with);
  }

  /** Counts a client that is turned away. */
  countShed(reason: ShedReason): void {
    this.#shed.get(reason)?.add();
  }

  /** Counts what is written to a stream. */
  countSent(parts: Parts): void {
    const [first] = parts;
    if (first) this.#sent.get(nameOf(first))?.add(lengthOf(parts));
  }

  /** Counts a stream that has been opened (1) or closed (-1). */
  countStream(kind: CredentialKind, difference: 1 | -1): void {
    this.#streams[kind].add(difference);
  }

  /** Records the bytes that are charged to a kind of credential. */
  setUsed(kind: CredentialKind, bytes: number): void {
    this.#used[kind].set(bytes);
  }
}

function nameOf(bytes: Uint8Array): typeof EVENTS[number] {
  if (bytes[0] === ":".charCodeAt(0)) return "heartbeat";
  const [name] = DECODER.decode(bytes.slice(FIELD_LENGTH, FIELD_LENGTH + NAME_LENGTH + 1)).split("\n", 1);
  return EVENTS.find((event) => event === name) ?? "other";
}

function forEachKind(open: (kind: string) => Gauge): Record<CredentialKind, Gauge> {
  return { sdk: open("server"), mobile: open("mobile"), environment: open("browser") };
}
