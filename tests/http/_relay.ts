import { DEFAULT_SETTINGS, type Settings } from "../../lib/config/mod.ts";
import type { Delivery, DeliveryOptions } from "../../lib/delivery/mod.ts";
import { type CorsPolicy, createHandler, type Handler } from "../../lib/http/mod.ts";
import { ADMIN } from "../../lib/routes/admin/mod.ts";
import { EVENTS } from "../../lib/routes/events/mod.ts";
import { FDV1 } from "../../lib/routes/fdv1/mod.ts";
import { FDV2 } from "../../lib/routes/fdv2/mod.ts";
import { OFREP } from "../../lib/routes/ofrep/mod.ts";
import { Evaluations } from "../../lib/routes/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeDelivery } from "../delivery/_delivery.ts";
import { type EnvironmentParts, makeLog, makeStore } from "../_environments.ts";
import { RecordingMeter } from "../_meter.ts";

/** What `relayTest` serves unless told otherwise. */
const PARTS: EnvironmentParts = {
  flags: { f: { on: true, unknown: 1.0 }, gone: { deleted: true }, "ü key": {} },
  segments: { s: {} },
};

/** A relay whose requests are function calls. */
export interface TestRelay {
  /** Answers requests, as a server has it. */
  handler: Handler;
  /** Sends a request. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a GET with the SDK key of environment `e1`. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  log: ReturnType<typeof makeLog>;
  delivery: Delivery;
  evaluations: Evaluations;
  meter: RecordingMeter;
}

/** A whole relay but for file and socket. */
export function makeRelay(
  store: Store,
  cors: CorsPolicy = { envAllowedOrigin: [], envAllowedHeader: [] },
  options: Partial<DeliveryOptions> = {},
  { ofrepReasons }: Pick<Settings, "ofrepReasons"> = DEFAULT_SETTINGS,
): TestRelay {
  const log = makeLog();
  const delivery = makeDelivery(store, { log, ...options });
  const evaluationLimitsReached = new Map<string, number>();
  const evaluations = new Evaluations(log, (id) => {
    evaluationLimitsReached.set(id, (evaluationLimitsReached.get(id) ?? 0) + 1);
  });
  const meter = new RecordingMeter();
  const settings = { ...DEFAULT_SETTINGS, maxInboundPayloadSize: 1_000, ofrepReasons };
  const dataFile = { path: "flags.tar.gz", digest: "ab", loadedAt: 1 };
  function status() {
    return {
      version: "1.2.3",
      isClosing: false,
      dataFile,
      trust: { mode: "off" as const },
      evaluationLimitsReached,
    };
  }
  const services = { store, delivery, evaluations, log, meter, settings, status };
  const routes = [FDV1, FDV2, OFREP, EVENTS, ADMIN].flatMap((surface) => surface.routes(services));
  const handler = createHandler(routes, {
    store,
    log,
    meter,
    cors,
    onShed: () => delivery.countShed("requests"),
  });
  async function fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return await handler(new Request(`http://localhost${path}`, init));
  }
  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(path, { headers: { authorization: "sdk-e1", ...headers } });
  }
  return { handler, fetch, get, log, delivery, evaluations, meter };
}

/** Runs a test against a relay that serves environment `e1`. */
export function relayTest(
  name: string,
  run: (relay: ReturnType<typeof makeRelay>) => Promise<void>,
  parts = PARTS,
): void {
  Deno.test(name, async () => {
    const relay = makeRelay(await makeStore({ e1: parts }));
    try {
      await run(relay);
    } finally {
      await relay.delivery.close();
    }
  });
}
