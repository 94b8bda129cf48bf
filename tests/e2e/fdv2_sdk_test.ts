import { init } from "@launchdarkly/node-server-sdk";
import { assert, assertEquals } from "@std/assert";
import type { JSHandle, Page } from "playwright-core";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { type Client, waitForValue, withShortWaits } from "./_clients.ts";
import { freePort, type RelayProcess, startRelay } from "./_relay.ts";
import { RoundRobin } from "./_round_robin.ts";

/** How the Node SDK may be told to get its data. */
const SERVER_MODES = {
  standard: {},
  streaming: { dataSource: { dataSourceOptionsType: "streamingOnly", streamInitialReconnectDelay: 0.1 } },
  polling: { dataSource: { dataSourceOptionsType: "pollingOnly" } },
};

/** Routes of FDv1 that these SDKs would fall back to. */
const FDV1 = /route=(\/sdk\/latest-all|\/all|\/sdk\/evalx|\/eval|\/ping)/;

/** An archive with a flag that changes and, unless it is removed, another one. */
function archive(changing: string, version: number, isThere = true): Promise<Uint8Array> {
  const flags: Record<string, Record<string, unknown>> = {
    changing: constantFlag(changing, version),
    ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`other${i}`, constantFlag(i)])),
    ...isThere && { removed: constantFlag("here") },
  };
  for (const flag of Object.values(flags)) flag["clientSide"] = true;
  return packArchive({ e1: { flags } });
}

function connect(url: string, dataSystem: unknown): Client {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const options = { baseUri: url, streamUri: url, eventsUri: url, logger, dataSystem };
  return init("sdk-e1", options as never) as Client;
}

async function connectAll(url: string): Promise<Client[]> {
  const clients = Object.values(SERVER_MODES).map((mode) => connect(url, mode));
  await Promise.all(clients.map((client) => client.waitForInitialization({ timeout: 10 })));
  return clients;
}

/** The relay has answered `count` requests like this one, and none of FDv1. Its log may come a little late. */
async function assertAsked({ lines }: RelayProcess, requests: Record<string, number>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (const [request, count] of Object.entries(requests)) {
    const find = () => lines.filter((line) => line.includes(request)).length;
    while (find() < count && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    assert(find() >= count, `${request}: ${find()} of ${count}\n${lines.join("\n")}`);
  }
  assertEquals(lines.filter((line) => FDV1.test(line)), []);
}

const env = { LOG_LEVEL: "debug" };

Deno.test("node-server-sdk 9 with its data system follows changes, rollbacks and removals, and outlives a restart", async () => {
  await using file = await DataFile.create(await archive("one", 1));
  const options = { env: { ...env, FILE_DATA_SOURCE: file.path }, port: freePort() };
  await withShortWaits(async () => {
    const clients = await (async () => {
      await using relay = await startRelay(options);
      const clients = await connectAll(relay.url);
      await waitForValue(clients, "one");
      await waitForValue(clients, "here", "removed");
      await file.replace(await archive("two", 2));
      await waitForValue(clients, "two");
      await file.replace(await archive("one again", 1));
      await waitForValue(clients, "one again");
      await file.replace(await archive("one again", 1, false));
      await waitForValue(clients, null, "removed");
      await file.replace(await archive("three", 3));
      await waitForValue(clients, "here", "removed");
      await waitForValue(clients, "three");
      await assertAsked(relay, { "route=/sdk/poll status=200": 5, "route=/sdk/stream status=200": 2 });
      await relay.stop();
      return clients;
    })();
    await waitForValue(clients, "three");
    await file.replace(await archive("rolled back meanwhile", 2));
    {
      await using relay = await startRelay(options);
      await waitForValue(clients, "rolled back meanwhile");
      await file.replace(await archive("four", 4));
      await waitForValue(clients, "four");
      await assertAsked(relay, { "route=/sdk/stream status=200": 2 });
    }
    for (const client of clients) await client.close();
  });
});

Deno.test("node-server-sdk 9 with its data system may have its polls answered by two relays by turns", async () => {
  await using file = await DataFile.create(await archive("one", 1));
  await using late = await DataFile.create(await archive("one", 1));
  await using one = await startRelay({ env: { ...env, FILE_DATA_SOURCE: file.path } });
  await using other = await startRelay({ env: { ...env, FILE_DATA_SOURCE: late.path } });
  await using balancer = await RoundRobin.start([one, other]);
  await withShortWaits(async () => {
    const client = connect(balancer.url, SERVER_MODES.polling);
    await client.waitForInitialization({ timeout: 10 });
    const steps: [changing: string, version: number, isThere: boolean][] = [
      ["two", 2, true],
      ["one again", 1, true],
      ["three", 3, false],
      ["four", 4, true],
    ];
    for (const [changing, version, isThere] of steps) {
      await file.replace(await archive(changing, version, isThere));
      await one.waitFor("Reloaded data");
      await waitForValue([client], changing);
      await late.replace(await archive(changing, version, isThere));
      await other.waitFor("Reloaded data");
      // From now on it must have that, whoever answers.
      const { length } = balancer.polls;
      await balancer.waitFor((polls) => polls.length >= length + 4);
      await waitForValue([client], changing);
      await waitForValue([client], isThere ? "here" : null, "removed");
      await balancer.waitFor((polls) => polls.length >= length + 6);
      assertEquals(await client.variation("changing", { kind: "user", key: "u" }, undefined), changing);
    }
    assertEquals(
      new Set(balancer.polls.map(({ status }) => status).filter((status) => status !== 304)),
      new Set([200]),
    );
    await client.close();
  });
});

/** A client in a page. */
interface PageClient {
  values(): Record<string, unknown>;
  identify(key: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Connects; runs in the page. Polls come thirty times as often. */
async function connectInPage([url, dataSystem]: [url: string, dataSystem: unknown]): Promise<PageClient> {
  const { setTimeout } = globalThis;
  const shortened = (run: () => void, delay = 0) => setTimeout(run, delay >= 20_000 ? delay / 100 : delay);
  Object.assign(globalThis, { setTimeout: shortened });
  const { createClient } = await import("@launchdarkly/js-client-sdk");
  const options = {
    baseUri: url,
    streamUri: url,
    eventsUri: url,
    streamInitialReconnectDelay: 0.1,
    dataSystem,
  };
  const client = createClient("e1", { kind: "user", key: "u" }, options as never);
  const started = await client.start({ timeout: 5 });
  if (started.status !== "complete") throw new Error(JSON.stringify(started));
  return {
    values: () => client.allFlags(),
    identify: (key) => client.identify({ kind: "user", key }),
    close: () => client.close(),
  };
}

function inMode(initialConnectionMode: string): unknown {
  return { automaticModeSwitching: { type: "manual", initialConnectionMode } };
}

/** Waits until the client in the page has this. */
async function waitInPage(
  page: Page,
  client: JSHandle<PageClient>,
  changing: string,
  isThere = true,
): Promise<void> {
  const expected = { changing, isThere };
  await page.waitForFunction(
    ([client, { changing, isThere }]) => {
      const values = client.values();
      return values["changing"] === changing && "removed" in values === isThere;
    },
    [client, expected] as const,
  );
}

for (const mode of ["streaming", "polling"]) {
  browserTest(
    `js-client-sdk 4 with its data system, ${mode}, follows changes, rollbacks, removals and a restart`,
    async (site) => {
      await using file = await DataFile.create(await archive("one", 1));
      const options = { env: { ...env, FILE_DATA_SOURCE: file.path }, port: freePort() };
      const { page } = await site.open();
      const client = await (async () => {
        await using relay = await startRelay(options);
        const client = await page.evaluateHandle(
          connectInPage,
          [relay.url, inMode(mode)] as [string, unknown],
        );
        await waitInPage(page, client, "one");
        await file.replace(await archive("two", 2));
        await waitInPage(page, client, "two");
        await file.replace(await archive("one again", 1));
        await waitInPage(page, client, "one again");
        await file.replace(await archive("one again", 1, false));
        await waitInPage(page, client, "one again", false);
        await file.replace(await archive("three", 3));
        await waitInPage(page, client, "three");
        await assertAsked(relay, {
          [`route=/sdk/${mode === "streaming" ? "stream" : "poll"}/eval/{context} status=200`]: 1,
        });
        await relay.stop();
        return client;
      })();
      await file.replace(await archive("rolled back meanwhile", 2));
      await using relay = await startRelay(options);
      await waitInPage(page, client, "rolled back meanwhile");
      await file.replace(await archive("four", 4));
      await waitInPage(page, client, "four");
      await assertAsked(relay, {});
      await client.evaluate((client) => client.close());
    },
  );

  browserTest(
    `js-client-sdk 4 with its data system, ${mode}, may be answered by two relays by turns`,
    async (site) => {
      await using file = await DataFile.create(await archive("one", 1));
      await using one = await startRelay({ env: { ...env, FILE_DATA_SOURCE: file.path } });
      await using other = await startRelay({ env: { ...env, FILE_DATA_SOURCE: file.path } });
      await using balancer = await RoundRobin.start([one, other]);
      const { page } = await site.open();
      const client = await page.evaluateHandle(
        connectInPage,
        [balancer.url, inMode(mode)] as [string, unknown],
      );
      await waitInPage(page, client, "one");
      const steps: [string, number, boolean][] = [["two", 2, true], ["one again", 1, false], [
        "three",
        3,
        true,
      ]];
      for (const [changing, version, isThere] of steps) {
        await file.replace(await archive(changing, version, isThere));
        await Promise.all([one, other].map((relay) => relay.waitFor("Reloaded data")));
        await waitInPage(page, client, changing, isThere);
      }
      for (const relay of [one, other]) await assertAsked(relay, {});
      await client.evaluate((client) => client.close());
    },
  );
}

browserTest(
  "js-client-sdk 4 with its data system as it is by default, one-shot, has what is served when it asks",
  async (site) => {
    await using file = await DataFile.create(await archive("one", 1));
    await using relay = await startRelay({ env: { ...env, FILE_DATA_SOURCE: file.path } });
    const { page, complaints } = await site.open();
    const client = await page.evaluateHandle(connectInPage, [relay.url, {}] as [string, unknown]);
    await waitInPage(page, client, "one");
    const steps: [string, number, boolean][] = [["two", 2, true], ["one again", 1, false], [
      "three",
      3,
      true,
    ]];
    for (const [i, [changing, version, isThere]] of steps.entries()) {
      await file.replace(await archive(changing, version, isThere));
      await relay.waitFor("Reloaded data");
      // The second is a context that it has had before, so it has a selector for it.
      await client.evaluate((client, key) => client.identify(key), i % 2 === 0 ? "v" : "u");
      await waitInPage(page, client, changing, isThere);
    }
    await assertAsked(relay, { "route=/sdk/poll/eval/{context} status=200": 4 });
    assertEquals(relay.lines.filter((line) => line.includes("route=/sdk/stream")), []);
    await client.evaluate((client) => client.close());
    assertEquals(complaints, []);
  },
);
