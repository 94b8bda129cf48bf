import { assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { makeLog } from "./_environments.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";
import { TOKEN } from "./routes/explorer/_test_explorer.ts";

const API = "/explorer/api";

function start(file: DataFile, settings: Partial<Settings> = {}): Promise<Relay> {
  return startRelay({
    ...DEFAULT_SETTINGS,
    port: 0,
    bindAddress: "127.0.0.1",
    shutdownGracePeriod: 1_000,
    fileDataSource: file.path,
    admin: { port: 0, bindAddress: "127.0.0.1", explorer: { hosts: [] } },
    ...settings,
  }, { log: makeLog() });
}

async function pack(value: number): Promise<Uint8Array> {
  return await packArchive({ e1: { flags: { f: constantFlag(value, value) } } });
}

function get({ port }: Deno.NetAddr, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, init);
}

async function post(address: Deno.NetAddr, path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/json" };
  const response = await get(address, `${API}/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, ...await response.json() };
}

for (const threads of [1, 2]) {
  Deno.test(`the explorer is on the admin listener alone, with ${threads} threads`, async () => {
    await using file = await DataFile.create(await pack(1));
    await using relay = await start(file, { threads, streamPort: 0, prometheus: { port: 0 } });
    const { address, streamAddress, metricsAddress, adminAddress } = relay;
    const requests: [path: string, init?: RequestInit][] = [
      ["/explorer"],
      ["/explorer", { method: "POST", body: new URLSearchParams({ token: TOKEN }) }],
      ["/explorer/app.js"],
      [`${API}/environments`],
      [`${API}/flags/e1`],
      [`${API}/diff`, { method: "POST", body: "{}" }],
      [`${API}/environments`, { headers: { authorization: `Bearer ${TOKEN}` } }],
    ];
    for (const other of [address, streamAddress!, metricsAddress!]) {
      for (const [path, init] of requests) {
        const response = await get(other, path, init);
        assertEquals([path, response.status, await response.text()], [path, 404, "404 page not found\n"]);
        assertEquals(response.headers.has("content-security-policy"), false);
      }
    }
    const { environments } = await (await get(adminAddress!, `${API}/environments`)).json();
    assertEquals(environments.map(({ id, status }: { id: string; status: unknown }) => [id, typeof status]), [
      ["e1", "object"],
    ]);
    assertEquals(await (await get(adminAddress!, "/health/live")).text(), '{"status":"live"}');
  });

  Deno.test(`the explorer has what was served before the last reload, with ${threads} threads`, async () => {
    await using file = await DataFile.create(await pack(1));
    await using relay = await start(file, { threads });
    const admin = relay.adminAddress!;
    const sides = { from: { env: "e1", data: "previous" }, to: { env: "e1" } };
    assertEquals((await post(admin, "diff", sides))["status"], 404);
    await file.replace(await pack(2));
    await relay.reload();
    const { same, environments, streams } = await post(admin, "diff", sides);
    const [{ flags }] = environments as [{ flags: { key: string; before: number; after: number }[] }];
    assertEquals([same, streams, flags.map(({ key, before, after }) => [key, before, after])], [
      false,
      "deltas",
      [["f", 1, 2]],
    ]);
    const context = { kind: "user", key: "ann" };
    const served = await post(admin, "diff", {
      from: { ...sides.from, context },
      to: { ...sides.to, context },
    });
    const reason = { kind: "FALLTHROUGH" };
    assertEquals(served["flags"], [{
      key: "f",
      from: { version: 1, value: 1, variation: 1, reason, words: "no rule matches" },
      to: { version: 2, value: 2, variation: 1, reason, words: "no rule matches" },
    }]);
  });

  Deno.test(`the explorer shows the streams of SDKs, and counts none of its own, with ${threads} threads`, async () => {
    await using file = await DataFile.create(await pack(1));
    await using relay = await start(file, { threads });
    const admin = relay.adminAddress!;
    const response = await get(admin, `${API}/sdk/e1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ route: "all", stream: true }),
    });
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/event-stream; charset=utf-8",
    ]);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    async function readUntil(words: string): Promise<void> {
      while (!text.includes(words)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The stream ended without ${words}`);
        text += value;
      }
    }
    await readUntil("event: put");
    await file.replace(await pack(2));
    await relay.reload();
    await readUntil("event: patch");
    relay.reconfigure({ ...DEFAULT_SETTINGS, heartbeatInterval: 10 });
    await readUntil("\n:\n");
    assertEquals(await (await get(admin, `${API}/connections`)).json(), { connections: [] });
    await relay.close();
    // What was on its way is read to its end.
    while (!(await reader.read()).done);
  });

  Deno.test(`the explorer counts streams and requests by SDK, with ${threads} threads`, async () => {
    await using file = await DataFile.create(await pack(1));
    await using relay = await start(file, { threads });
    const headers = { authorization: "sdk-e1", "user-agent": "GoClient/7.1" };
    const stream = await get(relay.address, "/all", { headers });
    await (await get(relay.address, "/sdk/latest-all", { headers })).text();
    const body = JSON.stringify({ kind: "user", key: "ann-of-kent" });
    await (await get(relay.address, "/sdk/evalx/e1/context", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "x-launchdarkly-user-agent": "JSClient/3.5.0" },
    })).text();
    const answer = await (await get(relay.adminAddress!, `${API}/connections`)).json();
    const e1 = { environment: "e1", name: "Project Test" };
    assertEquals(answer, {
      connections: [
        { ...e1, kind: "client", sdk: "JSClient", version: "3.5.0", streams: 0, requests: 1 },
        { ...e1, kind: "server", sdk: "GoClient", version: "7.1", streams: 1, requests: 2 },
      ],
    });
    await stream.body!.cancel();
  });
}

Deno.test("without [Admin] explorer the admin listener answers 404 too", async () => {
  await using file = await DataFile.create(await pack(1));
  await using relay = await start(file, { admin: { port: 0, bindAddress: "127.0.0.1" } });
  for (const path of ["/explorer", `${API}/environments`]) {
    const response = await get(relay.adminAddress!, path);
    assertEquals([path, response.status, await response.text()], [path, 404, "404 page not found\n"]);
  }
});

/** Sends a request as it is, from an address of loopback. Returns all that comes back. */
async function sendRaw({ port }: Deno.NetAddr, request: string, localAddress = "127.0.0.1"): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  await once(socket, "connect");
  socket.write(request);
  return await text(socket);
}

Deno.test("the explorer's access holds over sockets: token, address, Host, origin, odd targets", async () => {
  await using file = await DataFile.create(await pack(1));
  const explorer = { token: TOKEN, hosts: ["halyard.example"] };
  await using relay = await start(file, { admin: { port: 0, bindAddress: "127.0.0.1", explorer } });
  const admin = relay.adminAddress!;
  const own = `http://127.0.0.1:${admin.port}`;
  async function ask(target: string, host: string, ...headers: string[]): Promise<number> {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...headers, "", ""];
    return Number((await sendRaw(admin, lines.join("\r\n"))).split(" ")[1]);
  }
  const bearer = `Authorization: Bearer ${TOKEN}`;
  assertEquals(await ask(`${API}/environments`, "halyard.example"), 401);
  assertEquals(await ask(`${API}/environments`, "halyard.example", bearer), 200);
  assertEquals(await ask(`${API}/environments`, "evil.example", bearer), 403);
  assertEquals(await ask(`http://evil.example${API}/environments`, "evil.example", bearer), 403);
  assertEquals(await ask(`http://evil.example${API}/environments`, "localhost", bearer), 403);
  assertEquals(await ask(`http://localhost${API}/environments`, "evil.example", bearer), 403);
  assertEquals(await ask(`http://localhost${API}/environments`, "localhost", bearer), 200);
  assertEquals(await ask(`/x/..${API}/environments`, "localhost"), 401);
  assertEquals(await ask(`/.${API}//environments`, "localhost"), 401);
  assertEquals(await ask("/explorer?token=x", "localhost"), 401);
  for (const target of ["/explorer/%2e%2e/status", "/explorer/..%2fstatus", "/explorer/\\..\\status"]) {
    assertEquals([target, await ask(target, "localhost")], [target, 401]);
  }
  assertMatch(await sendRaw(admin, `GET /explorer HTTP/1.0\r\n${bearer}\r\n\r\n`), /^HTTP\/1\.\d 403 /);

  const login = await get(admin, "/explorer", {
    method: "POST",
    body: new URLSearchParams({ token: TOKEN }),
    headers: { origin: own },
    redirect: "manual",
  });
  await login.body?.cancel();
  assertEquals(login.status, 303);
  const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
  const opened = await get(admin, `${API}/flags/e1`, { headers: { cookie } });
  assertEquals([opened.status, (await opened.json()).flags], [200, 1]);
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    const response = await get(admin, `${API}/flags/e1`, { headers: { authorization: `Bearer wrong-${i}` } });
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assertEquals(statuses, [...Array(10).fill(401), 429]);
  assertEquals(await ask(`${API}/environments`, "localhost", bearer), 200);
  const wrong =
    "GET /explorer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer no\r\nConnection: close\r\n\r\n";
  assertMatch(await sendRaw(admin, wrong, "127.0.0.5"), /^HTTP\/1\.1 401 /);
  assertMatch(await sendRaw(admin, wrong), /^HTTP\/1\.1 429 /);
});
