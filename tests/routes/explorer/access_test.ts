import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { runs } from "../../_nightly.ts";
import { type Sent, TestExplorer, TOKEN } from "./_test_explorer.ts";

const API = "/explorer/api/environments";

/** Everything that a test can ask for: the page, files, the API, what is not there, other methods, odd paths. */
const PATHS: [path: string, method?: string][] = [
  ["/explorer"],
  ["/explorer/"],
  ["/explorer/app.js"],
  ["/explorer/style.css"],
  [API],
  ["/explorer/api/flags/e1"],
  ["/explorer/api/flags/e1/f"],
  ["/explorer/api/connections"],
  ["/explorer/api/sdk"],
  ["/explorer/api/nothing"],
  ["/explorer/api/"],
  ["/explorer//api/environments"],
  ["/x/../explorer/api/environments"],
  ["/explorer/../explorer"],
  ["/explorer/%2e%2e/%00/%ff"],
  [API, "HEAD"],
  [API, "POST"],
  [API, "DELETE"],
  [API, "OPTIONS"],
  ["/explorer/api/evaluate/e1", "POST"],
  ["/explorer/api/diff", "POST"],
  ["/explorer/app.js", "POST"],
  ["/explorer", "PUT"],
];

function bearer(token: string): Sent {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The cookie that an answer sets, as a browser sends it. */
function cookieOf(response: Response): string {
  return response.headers.get("set-cookie")!.split(";")[0]!;
}

/** All that a client sees of an answer. */
async function see(response: Response): Promise<unknown> {
  return [response.status, [...response.headers], await response.text()];
}

Deno.test("the explorer is open without a token, which the settings allow on loopback alone", async () => {
  const explorer = new TestExplorer();
  assertEquals((await explorer.fetch(API)).status, 200);
  assertEquals((await explorer.fetch("/explorer/api/nothing")).status, 404);
  assertEquals((await explorer.fetch(API, { method: "DELETE" })).status, 405);
});

Deno.test("with a token, all that begins with /explorer is answered 401 without a session, the page with a form", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  for (const [path, method = "GET"] of PATHS) {
    const response = await explorer.fetch(path, { method });
    assertEquals([path, method, response.status], [path, method, 401]);
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
    const body = await response.text();
    const isPage = path === "/explorer" || path === "/explorer/../explorer";
    assertEquals([path, body.includes("<form")], [path, isPage]);
  }
  const page = await explorer.fetch("/explorer");
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  const html = await page.text();
  assertEquals(html.match(/<input[^>]*>/g)!.length, 1);
  assertStringIncludes(html, '<input id="token" name="token" type="password"');
  assertStringIncludes(html, '<form method="post">');
  const { error, hint } = await (await explorer.fetch(API)).json();
  assertEquals([typeof error, typeof hint], ["string", "string"]);
  assertEquals(explorer.log.lines.filter((line) => !line.startsWith("debug")), []);
});

Deno.test("paths that only look like it are not the explorer's", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  for (
    const path of ["/explorers", "/Explorer", "/%65xplorer", "/explorer%2fapi", "/explorer;x", "/x/explorer"]
  ) {
    assertEquals([path, (await explorer.fetch(path)).status], [path, 404]);
  }
});

Deno.test("the right token opens the explorer: as Bearer, and by the form with a cookie", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  assertEquals((await explorer.fetch(API, bearer(TOKEN))).status, 200);
  assertEquals((await explorer.fetch(API, { headers: { authorization: `bEARER  ${TOKEN} ` } })).status, 200);
  const login = await explorer.logIn(TOKEN);
  assertEquals([login.status, login.headers.get("location")], [303, "/explorer"]);
  assertMatch(
    login.headers.get("set-cookie")!,
    /^halyard_explorer=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/explorer$/,
  );
  const cookie = cookieOf(login);
  assertNotEquals(cookieOf(await explorer.logIn(TOKEN)), cookie);
  for (const sent of [cookie, `a=b; ${cookie}`, `halyard_explorer=old; ${cookie};`]) {
    assertEquals((await explorer.fetch(API, { headers: { cookie: sent } })).status, 200);
  }
  for (
    const sent of [
      `${cookie}x`,
      cookie.slice(0, -1),
      cookie.toUpperCase(),
      "halyard_explorer=",
      "halyard_explorer",
    ]
  ) {
    assertEquals([sent, (await explorer.fetch(API, { headers: { cookie: sent } })).status], [sent, 401]);
  }
  assertEquals((await new TestExplorer({ token: TOKEN }).fetch(API, { headers: { cookie } })).status, 401);
});

Deno.test("a session ends after twelve hours, and the oldest one when there are too many", async () => {
  let now = 1_000;
  const explorer = new TestExplorer({ token: TOKEN, now: () => now });
  async function isOpen(cookie: string): Promise<boolean> {
    return (await explorer.fetch(API, { headers: { cookie } })).status === 200;
  }
  const first = cookieOf(await explorer.logIn(TOKEN));
  now += 12 * 3_600_000 - 1;
  assert(await isOpen(first));
  const second = cookieOf(await explorer.logIn(TOKEN));
  now++;
  assertEquals([await isOpen(first), await isOpen(second)], [false, true]);
  const third = cookieOf(await explorer.logIn(TOKEN));
  for (let i = 0; i < 998; i++) await explorer.logIn(TOKEN);
  assertEquals([await isOpen(second), await isOpen(third)], [true, true]);
  await explorer.logIn(TOKEN);
  assertEquals([await isOpen(second), await isOpen(third)], [false, true]);
});

/** Tokens that are nearly right, and those that are not at all. */
const WRONG_TOKENS = [
  TOKEN.slice(0, -1),
  `${TOKEN}x`,
  TOKEN.toUpperCase(),
  `x${TOKEN.slice(1)}`,
  `${TOKEN.slice(0, -1)}x`,
  "x",
  TOKEN + TOKEN,
  "x".repeat(1000),
];

Deno.test("a near miss of the token gets the same answer as any other wrong one", async () => {
  const answers = new Set<string>();
  for (const [i, token] of WRONG_TOKENS.entries()) {
    const explorer = new TestExplorer({ token: TOKEN });
    answers.add(JSON.stringify([
      await see(await explorer.logIn(token, { address: `10.0.0.${i}` })),
      await see(await explorer.fetch(API, bearer(token))),
      await see(await explorer.fetch("/explorer", bearer(token))),
    ]));
  }
  assertEquals(answers.size, 1);
  assertStringIncludes([...answers][0]!, "This is not the token of the explorer.");
});

Deno.test("any text but the token is refused, however it is sent", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.constantFrom(...WRONG_TOKENS, "", " ", `${TOKEN} `),
  );
  await fc.assert(
    fc.asyncProperty(text, async (sent) => {
      fc.pre(sent !== TOKEN);
      const login = await explorer.logIn(sent);
      assert([401, 429].includes(login.status));
      assertEquals(login.headers.has("set-cookie"), false);
      await login.text();
      const header = encodeURIComponent(sent);
      const response = await explorer.fetch(API, bearer(header));
      assert([401, 429].includes(response.status));
      await response.text();
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("ten wrong tokens a minute and address are answered 401, further ones 429, the right one never", async () => {
  let now = 1_000;
  const explorer = new TestExplorer({ token: TOKEN, now: () => now });
  const [one, other] = [{ address: "10.0.0.1" }, { address: "10.0.0.2" }];
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const sent = i % 2 === 0
      ? explorer.logIn("wrong", one)
      : explorer.fetch(API, { ...bearer("wrong"), ...one });
    statuses.push((await sent).status);
  }
  assertEquals(statuses, [...Array(10).fill(401), 429, 429]);
  const refused = await explorer.logIn("wrong", one);
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "60"]);
  assertStringIncludes(await refused.text(), "<form");
  assertEquals((await explorer.fetch(API, one)).status, 401);
  assertEquals((await explorer.logIn("wrong", other)).status, 401);
  assertEquals((await explorer.logIn(TOKEN, one)).status, 303);
  assertEquals((await explorer.fetch(API, { ...bearer(TOKEN), ...one })).status, 200);
  now += 59_999;
  assertEquals((await explorer.logIn("wrong", one)).headers.get("retry-after"), "1");
  now++;
  assertEquals((await explorer.logIn("wrong", one)).status, 401);
});

Deno.test("wrong tokens are counted for a bounded number of addresses", async () => {
  const explorer = new TestExplorer({ token: TOKEN, now: () => 1_000 });
  for (let i = 0; i < 11; i++) await explorer.fetch(API, { ...bearer("wrong"), address: "first" });
  assertEquals((await explorer.fetch(API, { ...bearer("wrong"), address: "first" })).status, 429);
  for (let i = 0; i < 9_999; i++) await explorer.fetch(API, { ...bearer("wrong"), address: `a${i}` });
  assertEquals((await explorer.fetch(API, { ...bearer("wrong"), address: "first" })).status, 429);
  await explorer.fetch(API, { ...bearer("wrong"), address: "one more" });
  assertEquals((await explorer.fetch(API, { ...bearer("wrong"), address: "first" })).status, 401);
});

Deno.test("Host must be of loopback, or one that is named, whatever else is right", async () => {
  const explorer = new TestExplorer({ token: TOKEN, hosts: ["halyard.example", "10.0.0.7", "[fd00::1]"] });
  const good = [
    "localhost",
    "LOCALHOST:8032",
    "127.0.0.1",
    "127.8.9.1:80",
    "[::1]",
    "[0:0::1]:8032",
    "halyard.example",
    "Halyard.Example:443",
    "10.0.0.7:8032",
    "[FD00:0::1]:8032",
  ];
  for (const host of good) {
    assertEquals([host, (await explorer.fetch(API, { ...bearer(TOKEN), host })).status], [host, 200]);
  }
  const bad = [
    null,
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "halyard.example.evil.example",
    "evil-halyard.example",
    "10.0.0.8",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "[::]",
    "[::ffff:127.0.0.1]",
    "localhost.",
    "localhost, evil.example",
  ];
  for (const host of bad) {
    const response = await explorer.fetch(API, { ...bearer(TOKEN), host });
    // The last one is no host at all, which no route gets to see.
    assertEquals([host, [403, 400].includes(response.status)], [host, true]);
    await response.text();
    assertEquals((await explorer.logIn(TOKEN, { host })).headers.has("set-cookie"), false);
    assertNotEquals((await new TestExplorer().fetch(API, { host })).status, 200);
  }
});

Deno.test("what may change something comes from the explorer's own page, or from no page", async () => {
  const own = "http://localhost:8032";
  const rows: [headers: Record<string, string>, isRefused: boolean][] = [
    [{}, false],
    [{ origin: own }, false],
    [{ origin: "https://localhost:8032" }, false],
    [{ origin: own, "sec-fetch-site": "same-origin" }, false],
    [{ origin: "null", "sec-fetch-site": "same-origin" }, false],
    [{ "sec-fetch-site": "same-origin" }, false],
    [{ origin: "null" }, true],
    [{ origin: "http://localhost" }, true],
    [{ origin: "http://localhost:9000" }, true],
    [{ origin: "http://127.0.0.1:8032" }, true],
    [{ origin: "http://evil.example" }, true],
    [{ origin: "file://localhost:8032" }, true],
    [{ origin: "" }, true],
    [{ origin: own, "sec-fetch-site": "cross-site" }, true],
    [{ "sec-fetch-site": "same-site" }, true],
    [{ "sec-fetch-site": "none" }, true],
  ];
  const [closed, open] = [new TestExplorer({ token: TOKEN }), new TestExplorer()];
  const json = { "content-type": "application/json" };
  for (const [headers, isRefused] of rows) {
    const statuses = [
      (await closed.logIn(TOKEN, { headers })).status,
      (await closed.fetch("/explorer/api/diff", {
        method: "POST",
        headers: { ...headers, ...json, authorization: `Bearer ${TOKEN}` },
        body: "{}",
      })).status,
      (await open.fetch("/explorer/api/diff", {
        method: "POST",
        headers: { ...headers, ...json },
        body: "{}",
      })).status,
    ];
    assertEquals([headers, statuses], [headers, isRefused ? [403, 403, 403] : [303, 400, 400]]);
    assertEquals((await open.fetch(API, { headers })).status, 200);
  }
  assertEquals(
    (await closed.fetch("/explorer/api/diff", { method: "POST", headers: { origin: "null" } })).status,
    401,
  );
});

Deno.test("the form is one field in a short body", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  function post(body: BodyInit, type?: string): Promise<Response> {
    return explorer.fetch("/explorer", {
      method: "POST",
      body,
      ...type && { headers: { "content-type": type } },
    });
  }
  const form = "application/x-www-form-urlencoded";
  assertEquals((await post(`token=${TOKEN}`, `${form}; charset=utf-8`)).status, 303);
  for (
    const [body, type, note] of [
      [`token=${TOKEN}`, "text/plain", "A form is expected."],
      [JSON.stringify({ token: TOKEN }), "application/json", "A form is expected."],
      [`token=${"x".repeat(4096)}`, form, "A form has 4096 bytes at most."],
    ] as const
  ) {
    const answer = await post(body, type);
    assertEquals([answer.status, answer.headers.get("www-authenticate")], [401, "Bearer"]);
    assertStringIncludes(await answer.text(), note);
  }
  for (const body of ["", "token", "token=", "Token=x", `x=${TOKEN}`, `token=x&token=${TOKEN}`, "%ff=%"]) {
    assertEquals([body, (await post(body, form)).status], [body, 401]);
  }
});

Deno.test("every answer has the headers that keep others out, and no cache answers with it by itself", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  const opened = { headers: { authorization: `Bearer ${TOKEN}` } };
  const answers = [
    await explorer.logIn(TOKEN),
    await explorer.logIn("wrong"),
    await explorer.fetch(API, { host: "evil.example" }),
    await explorer.fetch("/explorer//api", opened),
  ];
  for (const [path, method = "GET"] of PATHS) {
    answers.push(await explorer.fetch(path, { method }), await explorer.fetch(path, { method, ...opened }));
  }
  for (const { headers, url, status } of answers) {
    assertEquals(
      [url, status, headers.get("content-security-policy")],
      [
        url,
        status,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      ],
    );
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(headers.get("cross-origin-embedder-policy"), "require-corp");
    assertEquals(headers.get("cross-origin-resource-policy"), "same-origin");
    // The page's own files, which hold no data, are asked for each time: no answer is without the guard's consent.
    assertEquals(headers.get("cache-control"), headers.has("etag") ? "no-cache" : "no-store");
    assertEquals(headers.has("access-control-allow-origin"), false);
  }
});

Deno.test("the log counts wrong tokens, and has nothing of what was sent", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  const cookie = cookieOf(await explorer.logIn(TOKEN));
  await explorer.logIn("my-other-secret");
  await explorer.fetch(API, bearer("my-other-secret"));
  await explorer.fetch("/explorer/api/evaluate/some-environment", {
    method: "POST",
    headers: { cookie, "content-type": "application/json" },
    body: '{"context":{"kind":"user","key":"ann-of-kent"}}',
  });
  const lines = explorer.log.lines.join("\n");
  assertStringIncludes(lines, "warn: A wrong token was sent to the explorer");
  for (const secret of [TOKEN, "my-other-secret", cookie.split("=")[1]!, "ann-of-kent", "some-environment"]) {
    assertEquals([secret, lines.includes(secret)], [secret, false]);
  }
});
