import { assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { get } from "node:http";
import { buildDemo } from "../../tools/demo_archive.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { SDKS, withShortWaits } from "./_clients.ts";
import { startRelay } from "./_relay.ts";
import { RoundRobin } from "./_round_robin.ts";

const USER = { kind: "user", key: "u" };
const CONTEXT = Buffer.from(JSON.stringify(USER)).toString("base64url");
const SDK_KEY = "sdk-de300000-0001-4000-8000-000000000001";
const MOBILE_KEY = "mob-de300000-0001-4000-8000-000000000001";

interface Answer {
  status: number;
  etag: string;
  body: string;
}

/** Gets what is sent, byte by byte: `fetch` would unzip it. */
function getBytes(url: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, async (response) => {
      const body = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString("latin1");
      resolve({ status: response.statusCode!, etag: response.headers.etag ?? "", body });
    }).on("error", reject);
  });
}

// What clients poll, in the demo's first environment.
const POLLS: [path: string, headers: Record<string, string>][] = [
  ["/sdk/latest-all", { authorization: SDK_KEY }],
  ["/sdk/flags", { authorization: SDK_KEY }],
  [`/sdk/evalx/contexts/${CONTEXT}?withReasons=true`, { authorization: SDK_KEY }],
  [`/msdk/evalx/contexts/${CONTEXT}`, { authorization: MOBILE_KEY }],
  [`/sdk/evalx/de3000000000000000000001/contexts/${CONTEXT}`, {}],
];

Deno.test("relays with the same archive give the same bytes and entity tags", async () => {
  await using file = await DataFile.create(await buildDemo(new URL("../../examples/", import.meta.url)));
  const env = { FILE_DATA_SOURCE: file.path };
  await using one = await startRelay({ env });
  await using other = await startRelay({ env });
  for (const [path, headers] of POLLS) {
    for (const encoding of ["identity", "gzip"]) {
      const asked = { ...headers, "accept-encoding": encoding };
      const answer = await getBytes(one.url + path, asked);
      assertEquals(answer.status, 200, path);
      assertMatch(answer.etag, /^W\/"/);
      assertEquals(await getBytes(other.url + path, asked), answer);
      const { status, etag } = await getBytes(other.url + path, { ...asked, "if-none-match": answer.etag });
      assertEquals([status, etag], [304, answer.etag]);
    }
  }
});

/** An SDK that is closed in the midst of a poll leaves the timer of its deadline behind. */
const SANITIZERS = { sanitizeOps: false, sanitizeResources: false };

function archiveWith(value: string, version: number): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
}

for (const sdk of SDKS.filter(({ name }) => name.endsWith("polling"))) {
  Deno.test(`${sdk.name} gets 304 from either of two relays behind a load balancer`, SANITIZERS, async () => {
    await using oneFile = await DataFile.create(await archiveWith("one", 1));
    await using otherFile = await DataFile.create(await archiveWith("one", 1));
    await using one = await startRelay({ env: { FILE_DATA_SOURCE: oneFile.path } });
    await using other = await startRelay({ env: { FILE_DATA_SOURCE: otherFile.path } });
    await using balancer = await RoundRobin.start([one, other]);
    await withShortWaits(async () => {
      const client = sdk.connect(balancer.url, "sdk-e1");
      await client.waitForInitialization({ timeout: 10 });
      await balancer.waitFor((polls) => polls.length >= 5);
      assertEquals(balancer.polls.slice(0, 5), [
        { relay: 0, status: 200 },
        { relay: 1, status: 304 },
        { relay: 0, status: 304 },
        { relay: 1, status: 304 },
        { relay: 0, status: 304 },
      ]);

      for (const file of [oneFile, otherFile]) await file.replace(await archiveWith("two", 2));
      for (const relay of [one, other]) await relay.waitFor("Reloaded data");
      balancer.polls.length = 0;
      await balancer.waitFor((polls) =>
        polls.length >= 4 && polls.slice(-4).every(({ status }) => status === 304)
      );
      assertEquals(await client.variation("f", USER, undefined), "two");
      await client.close();
    });
  });
}
