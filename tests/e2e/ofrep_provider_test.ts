import { assert, assertEquals, assertRejects } from "@std/assert";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { type Client, OpenFeature } from "@openfeature/server-sdk";
import type { Provider } from "@openfeature/web-sdk";
import type { JSHandle, Page } from "playwright-core";
import { DataFile } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { HASHES, IT, SHE, TYPES } from "./_client_archive.ts";
import { ofrepArchive } from "./_ofrep_archive.ts";
import { type RelayProcess, startRelay } from "./_relay.ts";

/** The context `SHE`, as OpenFeature writes it. */
const HER = { targetingKey: SHE.key };

/** A default of each type that OpenFeature tells apart. */
const DEFAULTS = { boolean: false, number: 0, string: "", object: {} };

const BULK = "method=POST route=/ofrep/v1/evaluate/flags status=";
const STREAM = "method=GET route=/ofrep/v1/events status=200";

function start(file: DataFile): Promise<RelayProcess> {
  return startRelay({
    env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" },
  });
}

/** The provider leaves bodies of 401 unread, which the test runner takes for a leak. */
async function fetchWhole(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  return new Response(await response.arrayBuffer(), response);
}

/** A client of OpenFeature's server SDK. */
async function connectServer({ url }: RelayProcess, header: [name: string, value: string]): Promise<Client> {
  const domain = crypto.randomUUID();
  const provider = new OFREPProvider({ baseUrl: url, headers: [header], fetchImplementation: fetchWhole });
  await OpenFeature.setProviderAndWait(domain, provider);
  return OpenFeature.getClient(domain);
}

Deno.test("ofrep-provider 0.1 gets every JSON type, metadata and errors, and follows the file", async () => {
  await using file = await DataFile.create(await ofrepArchive({ changing: "one" }));
  await using relay = await start(file);
  const client = await connectServer(relay, ["Authorization", "Bearer sdk-e1"]);
  assertEquals(await client.getBooleanValue("boolean", false, HER), TYPES.boolean);
  assertEquals(await client.getStringValue("string", "", HER), TYPES.string);
  assertEquals(await client.getNumberValue("number", 0, HER), TYPES.number);
  assertEquals(await client.getNumberValue("integer", 0, HER), TYPES.integer);
  assertEquals(await client.getObjectValue("object", {}, HER), TYPES.object);
  assertEquals(await client.getObjectValue("array", [], HER), TYPES.array);
  assertEquals(await client.getStringValue("a/b c", "", HER), "slash");
  assertEquals(await client.getStringDetails("personal", "", HER), {
    flagKey: "personal",
    value: "hers",
    variant: "0",
    reason: "TARGETING_MATCH",
    flagMetadata: { version: 1, ldReason: "TARGET_MATCH" },
  });
  assertEquals(
    await client.getStringValue("personal", "", { targetingKey: SHE.key, kind: IT.kind }),
    "its",
  );

  // This provider has an error for what its successors take for the default.
  assertEquals(await client.getStringValue("nothing", "default", HER), "default");
  const missing = await client.getStringDetails("missing", "default", HER);
  assertEquals([missing.value, missing.errorCode], ["default", "FLAG_NOT_FOUND"]);
  const keyless = await client.getStringDetails("string", "default", {});
  assertEquals([keyless.value, keyless.errorCode], ["default", "TARGETING_KEY_MISSING"]);

  await file.replace(await ofrepArchive({ changing: "two" }));
  await relay.waitFor("Reloaded data");
  assertEquals(await client.getStringValue("changing", "", HER), "two");
  await OpenFeature.close();
});

Deno.test("ofrep-provider 0.1 sees what its credential shows", async () => {
  await using file = await DataFile.create(await ofrepArchive({ changing: "one" }));
  await using relay = await start(file);
  const seen: [header: [name: string, value: string], hidden: string | undefined, string: string][] = [
    [["Authorization", "sdk-e1"], undefined, TYPES.string],
    [["X-API-Key", "mob-e1"], "FLAG_NOT_FOUND", TYPES.string],
    [["X-API-Key", "e1"], "FLAG_NOT_FOUND", TYPES.string],
    [["X-API-Key", "none"], "GENERAL", "default"],
  ];
  for (const [header, errorCode, string] of seen) {
    const client = await connectServer(relay, header);
    assertEquals((await client.getStringDetails("hidden", "default", HER)).errorCode, errorCode);
    assertEquals(await client.getStringValue("string", "default", HER), string);
  }
  await OpenFeature.close();
});

/** What a page is told of its provider. */
interface PageClient {
  details(key: string, value: unknown): Record<string, unknown>;
  setContext(context: Record<string, string>): Promise<void>;
  close(): Promise<void>;
  /** Keys of the flags that each notice of a change named. */
  changes: string[][];
}

/** How a page connects. */
interface Connection {
  url: string;
  context: Record<string, string>;
  options?: { changeDetection?: "sse" | "polling"; pollInterval?: number };
  hash?: string;
}

/** Connects OpenFeature's web SDK with a client-side ID. Runs in the page. */
async function connectPage({ url, context, options, hash }: Connection): Promise<PageClient> {
  const { OpenFeature, ProviderEvents } = await import("@openfeature/web-sdk");
  const { OFREPWebProvider } = await import("@openfeature/ofrep-web-provider");
  const headers: [string, string][] = [["Authorization", "Bearer e1"]];
  if (hash !== undefined) headers.push(["X-LaunchDarkly-Secure-Mode-Hash", hash]);
  const changes: string[][] = [];
  const client = OpenFeature.getClient();
  client.addHandler(
    ProviderEvents.ConfigurationChanged,
    (event) => changes.push([...event?.flagsChanged ?? []]),
  );
  await OpenFeature.setContext(context);
  const provider = new OFREPWebProvider({ baseUrl: url, headers, ...options }) as Provider;
  // What the SDK throws crosses from the page to the test without its message.
  await OpenFeature.setProviderAndWait(provider).catch(({ message }) => Promise.reject(new Error(message)));
  return {
    changes,
    details(key, value) {
      switch (typeof value) {
        case "boolean":
          return { ...client.getBooleanDetails(key, value) };
        case "number":
          return { ...client.getNumberDetails(key, value) };
        case "string":
          return { ...client.getStringDetails(key, value) };
        default:
          return { ...client.getObjectDetails(key, value as { [key: string]: never }) };
      }
    },
    setContext: (context) => OpenFeature.setContext(context),
    close: () => OpenFeature.close(),
  };
}

function details(
  client: JSHandle<PageClient>,
  key: string,
  value: unknown,
): Promise<Record<string, unknown>> {
  return client.evaluate(
    (client, [key, value]) => client.details(key as string, value),
    [key, value] as const,
  );
}

async function valueOf(client: JSHandle<PageClient>, key: string): Promise<unknown> {
  return (await details(client, key, "default"))["value"];
}

function waitForChanges(page: Page, client: JSHandle<PageClient>, count: number): Promise<unknown> {
  return page.waitForFunction(([client, count]) => client.changes.length >= count, [client, count] as const);
}

browserTest(
  "ofrep-web-provider 0.4 gets every JSON type, and follows context and file by events",
  async (site) => {
    await using file = await DataFile.create(await ofrepArchive({ changing: "one" }));
    await using relay = await start(file);
    const { page, complaints } = await site.open();
    const client = await page.evaluateHandle(connectPage, { url: relay.url, context: HER });
    for (const [key, value] of Object.entries(TYPES)) {
      const byDefault = DEFAULTS[typeof value as keyof typeof DEFAULTS];
      assertEquals([key, (await details(client, key, byDefault))["value"]], [key, value]);
    }
    assertEquals(await details(client, "personal", ""), {
      flagKey: "personal",
      value: "hers",
      variant: "0",
      reason: "TARGETING_MATCH",
      flagMetadata: { version: 1, ldReason: "TARGET_MATCH" },
    });
    const nothing = await details(client, "nothing", "default");
    assertEquals([nothing["value"], nothing["reason"], nothing["errorCode"]], [
      "default",
      "DISABLED",
      undefined,
    ]);
    for (const key of ["missing", "hidden"]) {
      const { value, errorCode } = await details(client, key, "default");
      assertEquals([key, value, errorCode], [key, "default", "FLAG_NOT_FOUND"]);
    }
    await relay.waitFor(STREAM);

    await file.replace(await ofrepArchive({ changing: "two" }));
    await waitForChanges(page, client, 1);
    assertEquals(await valueOf(client, "changing"), "two");
    await relay.waitFor("Reloaded data");

    // What changes for servers alone makes no notice; what changes for others makes one, which is answered with 304.
    await file.replace(await ofrepArchive({ changing: "two", hidden: "other" }));
    await relay.waitFor("Reloaded data");
    // The provider makes one of the notices that come within 50 ms.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await file.replace(await ofrepArchive({ changing: "two", hidden: "other", others: ["bob"] }));
    await relay.waitFor("Reloaded data");
    await relay.waitFor(`${BULK}304`);
    await file.replace(await ofrepArchive({ changing: "three", hidden: "other", others: ["bob"] }));
    await waitForChanges(page, client, 2);
    assertEquals(await valueOf(client, "changing"), "three");
    assertEquals(await client.evaluate(({ changes }) => changes), [["changing"], ["changing"]]);
    await relay.waitFor(`${BULK}200`);
    const answers = relay.lines.filter((line) => line.includes(BULK)).map((line) =>
      line.split(BULK)[1]!.slice(0, 3)
    );
    assertEquals(answers, ["200", "200", "304", "200"]);

    // While the targeting key stays the same, the provider shows what it has kept and sends its tag.
    await client.evaluate((client, context) => client.setContext(context), { ...HER, kind: IT.kind });
    await waitForChanges(page, client, 3);
    assertEquals(await valueOf(client, "personal"), "its");
    await client.evaluate((client) => client.close());
    assertEquals(complaints, []);
    assertEquals(relay.lines.filter((line) => line.includes("auth=")), []);
  },
);

browserTest("ofrep-web-provider 0.4 polls, and tells of nothing while nothing has changed", async (site) => {
  await using file = await DataFile.create(await ofrepArchive({ changing: "one" }));
  await using relay = await start(file);
  const { page, complaints } = await site.open();
  const options = { changeDetection: "polling", pollInterval: 100 } as const;
  const client = await page.evaluateHandle(connectPage, { url: relay.url, context: HER, options });
  for (let poll = 0; poll < 3; poll++) await relay.waitFor(`${BULK}304`);
  await file.replace(await ofrepArchive({ changing: "one", hidden: "other", others: ["bob"] }));
  await relay.waitFor("Reloaded data");
  for (let poll = 0; poll < 3; poll++) await relay.waitFor(`${BULK}304`);
  await file.replace(await ofrepArchive({ changing: "two", hidden: "other", others: ["bob"] }));
  await waitForChanges(page, client, 1);
  assertEquals(await valueOf(client, "changing"), "two");
  assertEquals(await client.evaluate(({ changes }) => changes), [["changing"]]);
  assertEquals(relay.lines.filter((line) => line.includes("/ofrep/v1/events")), []);
  await client.evaluate((client) => client.close());
  assertEquals(complaints, []);
});

browserTest(
  "ofrep-web-provider 0.4 begins with what it has kept, and finds out what has changed since",
  async (site) => {
    await using file = await DataFile.create(await ofrepArchive({ changing: "one" }));
    await using relay = await start(file);
    const { page, complaints } = await site.open();
    const connection = { url: relay.url, context: HER };
    await page.evaluateHandle(connectPage, connection);
    await relay.waitFor(STREAM);
    await page.reload();
    const same = await page.evaluateHandle(connectPage, connection);
    assertEquals((await details(same, "changing", ""))["reason"], "CACHED");
    await relay.waitFor(`${BULK}304`);
    assertEquals(await same.evaluate(({ changes }) => changes), []);

    await page.goto("about:blank");
    await file.replace(await ofrepArchive({ changing: "two" }));
    await relay.waitFor("Reloaded data");
    await page.goto(site.origin("localhost"));
    const later = await page.evaluateHandle(connectPage, connection);
    await waitForChanges(page, later, 1);
    assertEquals(await valueOf(later, "changing"), "two");
    assertEquals(complaints, []);
  },
);

browserTest(
  "ofrep-web-provider 0.4 gets flags in secure mode with the hash of its context only",
  async (site) => {
    const env = { secureMode: true };
    await using file = await DataFile.create(await ofrepArchive({ changing: "one", env }));
    await using relay = await start(file);
    const { page, complaints } = await site.open();
    const connection = { url: relay.url, context: HER };
    const client = await page.evaluateHandle(connectPage, { ...connection, hash: HASHES.she });
    assertEquals(await valueOf(client, "personal"), "hers");
    await relay.waitFor(STREAM);
    await file.replace(await ofrepArchive({ changing: "two", env }));
    await waitForChanges(page, client, 1);
    assertEquals(await valueOf(client, "changing"), "two");
    await client.evaluate((client) => client.close());
    assertEquals(complaints, []);
    assert(relay.lines.every((line) => !line.includes(HASHES.she)), "the hash is logged");

    for (const wrong of [{}, { hash: HASHES.it }]) {
      const { page } = await site.open();
      await assertRejects(
        () => page.evaluateHandle(connectPage, { ...connection, ...wrong }),
        Error,
        "400",
      );
    }
  },
);
