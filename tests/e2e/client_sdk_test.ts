import { assertEquals, assertRejects } from "@std/assert";
import { initialize, type LDClient, type LDOptions } from "launchdarkly-node-client-sdk";
import { DataFile } from "./_archive.ts";
import { clientArchive, HASHES, IT, SHE, TYPES } from "./_client_archive.ts";
import { type RelayProcess, startRelay } from "./_relay.ts";

/** How long the SDK may take to start: s; the longest that it takes without a warning. */
const START_SECONDS = 5;

/** How long a reload may take to reach the SDK: ms. */
const RELOAD_MS = 20_000;

/** The SDK leaves the timer of its start-up behind. */
const SANITIZERS = { sanitizeOps: false, sanitizeResources: false };

/** A streaming client for `SHE`, and what it complains about. */
function connect(
  relay: RelayProcess,
  { environment = "e1", ...options }: LDOptions & { environment?: string },
): { client: LDClient; complaints: string[] } {
  const complaints: string[] = [];
  function complain(message: string): void {
    complaints.push(message);
  }
  const client = initialize(environment, SHE, {
    baseUrl: relay.url,
    streamUrl: relay.url,
    eventsUrl: relay.url,
    streaming: true,
    evaluationReasons: true,
    logger: { debug() {}, info() {}, warn: complain, error: complain },
    ...options,
  });
  return { client, complaints };
}

/** Waits until the SDK tells that the flag "changing" has a new value. */
function nextValue(client: LDClient): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers();
  client.on("change:changing", resolve);
  AbortSignal.timeout(RELOAD_MS).onabort = () => reject(new Error("The SDK tells of no change"));
  return promise;
}

for (const useReport of [false, true]) {
  const name = `node-client-sdk 3 by ${useReport ? "REPORT" : "GET"}`;
  const poll = useReport
    ? "method=REPORT route=/sdk/evalx/{envId}/context status=200"
    : "method=GET route=/sdk/evalx/{envId}/contexts/{context} status=200";
  const stream = useReport
    ? "method=REPORT route=/eval/{envId} status=200"
    : "method=GET route=/eval/{envId}/{context} status=200";

  Deno.test(
    `${name} gets every JSON type and reasons, follows a change of context and the file`,
    SANITIZERS,
    async () => {
      await using file = await DataFile.create(await clientArchive("one"));
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" } });
      const { client, complaints } = connect(relay, { useReport });
      await client.waitForInitialization(START_SECONDS);
      assertEquals(client.allFlags(), { ...TYPES, personal: "hers", changing: "one" });
      assertEquals(client.variationDetail("personal"), {
        value: "hers",
        variationIndex: 0,
        reason: { kind: "TARGET_MATCH" },
      });
      await relay.waitFor(poll);
      await relay.waitFor(stream);

      await client.identify(IT);
      assertEquals(client.variationDetail("personal"), {
        value: "its",
        variationIndex: 1,
        reason: { kind: "FALLTHROUGH" },
      });
      await relay.waitFor(stream);

      const next = nextValue(client);
      await file.replace(await clientArchive("two"));
      assertEquals(await next, "two");
      assertEquals(client.variation("personal"), "its");

      await client.close();
      await relay.waitFor("method=POST route=/events/bulk/{envId} status=202");
      assertEquals(complaints, []);
    },
  );

  Deno.test(`${name} gets flags in secure mode with the hash of its context only`, SANITIZERS, async () => {
    await using file = await DataFile.create(await clientArchive("one", { secureMode: true }));
    await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" } });
    const { client, complaints } = connect(relay, { useReport, hash: HASHES.she });
    await client.waitForInitialization(START_SECONDS);
    assertEquals(client.variation("personal"), "hers");
    await relay.waitFor(stream);
    await client.identify(IT, HASHES.it);
    assertEquals(client.variation("personal"), "its");
    await relay.waitFor(stream);
    const next = nextValue(client);
    await file.replace(await clientArchive("two", { secureMode: true }));
    assertEquals(await next, "two");
    assertEquals(complaints, []);
    await assertRejects(() => client.identify(IT, HASHES.she), Error, "400");
    await client.close();

    for (const wrong of [{}, { hash: "" }, { hash: HASHES.it }, { hash: HASHES.she.toUpperCase() }]) {
      const { client } = connect(relay, { useReport, ...wrong });
      await assertRejects(() => client.waitForInitialization(START_SECONDS), Error, "400");
      assertEquals(client.allFlags(), {});
      await client.close();
    }
  });
}

Deno.test("node-client-sdk 3 is told that there is no such environment", SANITIZERS, async () => {
  await using file = await DataFile.create(await clientArchive("one"));
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  const { client } = connect(relay, { environment: "e2" });
  await assertRejects(() => client.waitForInitialization(START_SECONDS), Error, "Environment not found");
  await client.close();
});
