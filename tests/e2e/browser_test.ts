import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { DataFile } from "./_archive.ts";
import { BROWSER_SDKS, browserTest } from "./_browser.ts";
import { clientArchive, HASHES, IT, SHE, TYPES } from "./_client_archive.ts";
import { startRelay } from "./_relay.ts";

/** What the log says when it has got an SDK's events. */
const EVENTS = "method=POST route=/events/bulk/{envId} status=202";

for (const { name, connect } of BROWSER_SDKS) {
  for (const useReport of [false, true]) {
    const fullName = `${name} by ${useReport ? "REPORT" : "GET"}`;
    const poll = useReport
      ? "method=REPORT route=/sdk/evalx/{envId}/context status=200"
      : "method=GET route=/sdk/evalx/{envId}/contexts/{context} status=200";
    // An EventSource has no body, so with useReport the stream only tells the SDK to poll.
    const stream = useReport
      ? "method=GET route=/ping/{envId} status=200"
      : "method=GET route=/eval/{envId}/{context} status=200";

    browserTest(
      `${fullName} gets every JSON type and reasons, follows a change of context and the file`,
      async (site) => {
        await using file = await DataFile.create(await clientArchive("one"));
        await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" } });
        const { page, complaints } = await site.open();
        const connection = { url: relay.url, context: SHE, options: { useReport } };
        const client = await page.evaluateHandle(connect, connection);
        assertEquals(await client.evaluate((client) => client.values()), {
          ...TYPES,
          personal: "hers",
          changing: "one",
        });
        assertEquals(await client.evaluate((client) => client.detail("personal")), {
          value: "hers",
          variationIndex: 0,
          reason: { kind: "TARGET_MATCH" },
        });
        await relay.waitFor(poll);
        await relay.waitFor(stream);

        await client.evaluate((client, it) => client.identify(it), IT);
        assertEquals(await client.evaluate((client) => client.detail("personal")), {
          value: "its",
          variationIndex: 1,
          reason: { kind: "FALLTHROUGH" },
        });
        await relay.waitFor(stream);

        await file.replace(await clientArchive("two"));
        await page.waitForFunction((client) => client.values()["changing"] === "two", client);
        assertEquals(await client.evaluate((client) => client.detail("personal").value), "its");

        await client.evaluate((client) => client.flush());
        await relay.waitFor(EVENTS);
        for (
          const request of [
            "method=GET route=/sdk/goals/{envId} status=200",
            "method=POST route=/events/diagnostic/{envId} status=202",
          ]
        ) {
          assert(relay.lines.some((line) => line.includes(request)), request);
        }
        await client.evaluate((client) => client.close());
        assertEquals(complaints, []);
      },
    );

    browserTest(`${fullName} gets flags in secure mode with the hash of its context only`, async (site) => {
      await using file = await DataFile.create(await clientArchive("one", { secureMode: true }));
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" } });
      const { page, complaints } = await site.open();
      const connection = { url: relay.url, context: SHE, options: { useReport } };
      const client = await page.evaluateHandle(connect, { ...connection, hash: HASHES.she });
      assertEquals(await client.evaluate((client) => client.detail("personal").value), "hers");
      await relay.waitFor(stream);
      await client.evaluate((client, [it, hash]) => client.identify(it, hash), [IT, HASHES.it] as const);
      assertEquals(await client.evaluate((client) => client.detail("personal").value), "its");
      await relay.waitFor(stream);
      await file.replace(await clientArchive("two", { secureMode: true }));
      await page.waitForFunction((client) => client.values()["changing"] === "two", client);
      await client.evaluate((client) => client.close());
      assertEquals(complaints, []);

      await Promise.all([{}, { hash: HASHES.it }].map(async (wrong) => {
        const { page } = await site.open();
        // The status: a browser hides it from scripts unless the refusal, too, carries CORS headers.
        await assertRejects(() => page.evaluateHandle(connect, { ...connection, ...wrong }), Error, "400");
      }));
    });
  }

  browserTest(`${name} works on the origins of ENV_ALLOWED_ORIGIN and on no other`, async (site) => {
    await using file = await DataFile.create(await clientArchive("one"));
    const origins = ["https://first.example", site.origin("localhost")];
    await using relay = await startRelay({
      env: { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug", ENV_ALLOWED_ORIGIN: origins.join(",") },
    });
    const connection = { url: relay.url, context: SHE, options: {} };

    const allowed = await site.open(site.origin("localhost"));
    const client = await allowed.page.evaluateHandle(connect, connection);
    await relay.waitFor("method=GET route=/eval/{envId}/{context} status=200");
    await file.replace(await clientArchive("two"));
    await allowed.page.waitForFunction((client) => client.values()["changing"] === "two", client);
    await client.evaluate((client) => client.flush());
    await relay.waitFor(EVENTS);
    await client.evaluate((client) => client.close());
    assertEquals(allowed.complaints, []);

    const other = await site.open(site.origin("127.0.0.1"));
    await assertRejects(() => other.page.evaluateHandle(connect, connection));
    assertStringIncludes(other.complaints.join("\n"), "blocked by CORS policy");
  });
}

/** Whether a script of the page may read the stream. */
function canStream(page: Page, url: string): Promise<boolean> {
  return page.evaluate((url) =>
    new Promise<boolean>((resolve) => {
      const source = new EventSource(url);
      function end(isOpen: boolean): void {
        source.close();
        resolve(isOpen);
      }
      source.onopen = () => end(true);
      source.onerror = () => end(false);
    }), url);
}

/** Whether a script of the page may send a request with this header. */
function canSend(page: Page, url: string, header: string): Promise<boolean> {
  return page.evaluate(
    ([url, header]) => fetch(url, { headers: { [header]: "x" } }).then(({ ok }) => ok, () => false),
    [url, header] as const,
  );
}

browserTest("ENV_ALLOWED_ORIGIN holds for streams, and ENV_ALLOWED_HEADER for requests", async (site) => {
  await using file = await DataFile.create(await clientArchive("one"));
  await using relay = await startRelay({
    env: {
      FILE_DATA_SOURCE: file.path,
      ENV_ALLOWED_ORIGIN: site.origin("localhost"),
      ENV_ALLOWED_HEADER: "X-Tenant",
    },
  });
  const stream = `${relay.url}/ping/e1`;
  const { page } = await site.open(site.origin("localhost"));
  const { page: otherPage } = await site.open(site.origin("127.0.0.1"));
  assertEquals(await canStream(page, stream), true);
  assertEquals(await canStream(otherPage, stream), false);
  assertEquals(await canSend(page, `${relay.url}/sdk/goals/e1`, "x-tenant"), true);
  assertEquals(await canSend(page, `${relay.url}/sdk/goals/e1`, "x-other"), false);
});
