import { assertEquals, assertMatch } from "@std/assert";
import { createHmac } from "node:crypto";
import { Store } from "../../../lib/store/mod.ts";
import { type EnvironmentParts, makeSnapshot } from "../../_environments.ts";
import { makeRelay, type TestRelay } from "../../http/_relay.ts";
import { evaluate } from "./_ofrep.ts";

const NOTICE = 'event: message\ndata: {"type":"refetchEvaluation"}\n\n';

function flag(version: number, usingEnvironmentId: boolean, rest: Record<string, unknown> = {}) {
  return { version, on: true, clientSideAvailability: { usingEnvironmentId, usingMobileKey: true }, ...rest };
}

/** A relay whose only environment goes through states. */
class Changing implements AsyncDisposable {
  readonly #store = new Store();
  readonly relay: TestRelay = makeRelay(this.#store, undefined, { pingStreamJitterTime: 0 });

  async serve(parts: EnvironmentParts): Promise<void> {
    const previous = this.#store.get("e1")?.snapshot;
    this.#store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", parts, previous) }]);
    await this.relay.delivery.update();
  }

  /** Address of the stream that an answer names. */
  async address(authorization = "Bearer e1", query = ""): Promise<string> {
    const { body } = await evaluate(this.relay, { targetingKey: "ann" }, {
      headers: { authorization },
      path: query,
    });
    return body.eventStreams[0].endpoint.requestUri;
  }

  async open(path: string): Promise<Stream> {
    const response = await this.relay.fetch(path);
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/event-stream; charset=utf-8",
    ]);
    return new Stream(response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay.delivery.close();
  }
}

class Stream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    this.#reader = response.body!.getReader();
  }

  /** Reads what comes next; `undefined` at its end. */
  async read(): Promise<string | undefined> {
    const { value } = await this.#reader.read();
    return value && new TextDecoder().decode(value);
  }
}

Deno.test("OFREP's stream tells once of each archive that may change what its client sees", async () => {
  await using changing = new Changing();
  await changing.serve({ flags: { f: flag(1, true), hidden: flag(1, false) } });
  const browser = await changing.open(await changing.address());
  const mobile = await changing.open(await changing.address("mob-e1"));
  assertEquals([await browser.read(), await mobile.read()], [":\n\n", ":\n\n"]);
  await changing.serve({ flags: { f: flag(1, true), hidden: flag(2, false) } });
  assertEquals(await mobile.read(), NOTICE);
  await changing.serve({ flags: { f: flag(2, true), hidden: flag(2, false) } });
  assertEquals([await mobile.read(), await browser.read()], [NOTICE, NOTICE]);
  // Through a segment, and through a prerequisite that it does not see.
  const rules = [{ variation: 0, clauses: [{ op: "segmentMatch", values: ["s"] }] }];
  const needs = { prerequisites: [{ key: "hidden", variation: 0 }] };
  const withSegment = { f: flag(3, true, { rules, ...needs }), hidden: flag(2, false) };
  await changing.serve({ flags: withSegment, segments: { s: { version: 1 } } });
  assertEquals(await browser.read(), NOTICE);
  await changing.serve({ flags: withSegment, segments: { s: { version: 2, included: ["ann"] } } });
  assertEquals(await browser.read(), NOTICE);
  await changing.serve({
    flags: { ...withSegment, hidden: flag(3, false) },
    segments: { s: { version: 2, included: ["ann"] } },
  });
  assertEquals(await browser.read(), NOTICE);
  await changing.serve({ flags: { hidden: flag(3, false) } });
  assertEquals(await browser.read(), NOTICE);
});

Deno.test("OFREP's stream tells at once of what has changed since its address was given", async () => {
  await using changing = new Changing();
  await changing.serve({ flags: { f: flag(1, true) } });
  const address = await changing.address();
  await changing.serve({ flags: { f: flag(2, true) } });
  assertEquals(await (await changing.open(address)).read(), NOTICE);
  assertEquals(await (await changing.open("/ofrep/v1/events?auth=e1")).read(), NOTICE);
  assertEquals(await (await changing.open(await changing.address())).read(), ":\n\n");
});

Deno.test("OFREP names no stream to SDK keys, whose address would hold the key", async () => {
  await using changing = new Changing();
  await changing.serve({ flags: { f: flag(1, true) } });
  const { body } = await evaluate(changing.relay, { targetingKey: "ann" });
  assertEquals(Object.keys(body), ["flags"]);
  const response = await changing.relay.fetch("/ofrep/v1/events?auth=sdk-e1");
  assertEquals([response.status, await response.text()], [401, ""]);
});

Deno.test("OFREP's stream proves its context in secure mode, and is closed when that is switched on", async () => {
  await using changing = new Changing();
  const h = createHmac("sha256", "sdk-e1").update("ann").digest("hex");
  await changing.serve({ flags: { f: flag(1, true) } });
  const open = await changing.open(await changing.address());
  await open.read();
  await changing.serve({ env: { secureMode: true }, flags: { f: flag(1, true) } });
  assertEquals(await open.read(), undefined);
  const address = await changing.address("Bearer e1", `?h=${h}`);
  assertMatch(address, new RegExp(`[?&]key=ann&h=${h}(&|$)`));
  const proven = await changing.open(address);
  await proven.read();
  await changing.serve({ env: { secureMode: true }, flags: { f: flag(2, true) } });
  assertEquals(await proven.read(), NOTICE);
  for (const query of ["?auth=e1", "?auth=e1&key=ann", `?auth=e1&key=bob&h=${h}`, `?auth=e1&h=${h}`]) {
    const response = await changing.relay.fetch(`/ofrep/v1/events${query}`);
    assertEquals([response.status, (await response.json()).errorCode], [400, "INVALID_CONTEXT"]);
  }
  assertEquals((await changing.relay.fetch("/ofrep/v1/events?auth=mob-e1")).status, 200);
});
