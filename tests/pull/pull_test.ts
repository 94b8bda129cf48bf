import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { hash } from "node:crypto";
import { pull, PullError } from "../../lib/pull/mod.ts";
import { type Answer, archiveAnswer, head, KEY, makeArchive, prepare, serveAnswers } from "./_server.ts";

const ARCHIVE = await makeArchive(true);

/** Answers that a second try does better, and why the first one failed. */
const TRANSIENT: [what: string, answer: Answer, message: RegExp][] = [
  ["a truncated body", [head("200 OK", { "Content-Length": ARCHIVE.length }), ARCHIVE.subarray(9)], /body/],
  ["a truncated chunk", [head("200 OK", { "Transfer-Encoding": "chunked" }), "5\r\nhello\r\n"], /body/],
  ["a connection that is broken off", ["reset"], /connection/],
  ["an answer that is no HTTP", ["SSH-2.0-OpenSSH\r\n"], /HTTP/],
  ["503", [head("503 Service Unavailable", { "Content-Length": 0 })], /status 503$/],
  ["500 with a page", [head("500 Internal Server Error", { "Content-Length": 4 }), "oops"], /status 500$/],
  ["429", [head("429 Too Many Requests", { "Content-Length": 0 })], /status 429$/],
  ["408", [head("408 Request Timeout", { "Content-Length": 0 })], /status 408$/],
];

/** Answers that are final. */
const FINAL: [what: string, answer: Answer, message: RegExp, hint: RegExp][] = [
  ["400", [head("400 Bad Request", { "Content-Length": 0 })], /status 400$/, /^$/],
  ["401", [head("401 Unauthorized", { "Content-Length": 0 })], /status 401$/, /relay key.*--instance/],
  ["403", [head("403 Forbidden", { "Content-Length": 0 })], /status 403$/, /plans/],
  ["404", [head("404 Not Found", { "Content-Length": 0 })], /status 404$/, /--base-uri/],
  ["204", [head("204 No Content")], /status 204$/, /^$/],
  ["304 that nobody asked for", [head("304 Not Modified")], /status 304$/, /^$/],
  [
    "a redirect to another origin",
    [head("302 Found", { Location: "https://elsewhere.example/flags?key=1", "Content-Length": 0 })],
    /another origin, https:\/\/elsewhere\.example$/,
    /--base-uri/,
  ],
  [
    "a redirect to no address",
    [head("302 Found", { Location: "data:text/plain,x", "Content-Length": 0 })],
    /another origin, an address that is neither http nor https$/,
    /--base-uri/,
  ],
  ["a redirect to nowhere", [head("302 Found", { "Content-Length": 0 })], /status 302$/, /^$/],
  [
    "a redirect that shows the key",
    [head("302 Found", { Location: `https://${KEY}.example/${KEY}`, "Content-Length": 0 })],
    /another origin, https:\/\/…\.example$/,
    /--base-uri/,
  ],
  [
    "an HTML page",
    archiveAnswer(new TextEncoder().encode("<!doctype html><p>Log in")),
    /^Cannot read archive "http.*an HTML page/,
    /a proxy or a login/,
  ],
  [
    "JSON",
    archiveAnswer(new TextEncoder().encode('{"message":"no"}')),
    /begins with "\{/,
    /a proxy or a login/,
  ],
  ["an empty body", archiveAnswer(new Uint8Array()), /it is empty/, /copy or download/i],
  ["half an archive", archiveAnswer(ARCHIVE.subarray(0, -9)), /Cannot read archive/, /copy or download/i],
];

Deno.test("pull() downloads, checks and describes an archive, and shows the file to its owner alone", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url);
  const { archive } = await pull(setup.options);
  assertEquals(archive, {
    size: ARCHIVE.length,
    digest: hash("sha256", ARCHIVE),
    environments: [{
      id: "0123456789abcdef01234567",
      projectKey: "line-control",
      key: "production",
      flags: 1,
      segments: 0,
    }],
    findings: [],
  });
  assertEquals(setup.list(), ["flags.tar.gz"]);
  assertEquals(await Deno.readFile(setup.options.path), ARCHIVE);
  assertEquals((await Deno.stat(setup.options.path)).mode! & 0o777, 0o600);
  assertMatch(server.requests[0]!, /^GET \/relay\/latest-all HTTP\/1\.1\r\n/);
  assertMatch(server.requests[0]!, new RegExp(`^authorization: ${KEY}\r$`, "m"));
  assertMatch(server.requests[0]!, /^accept-encoding: identity\r$/m);
});

Deno.test("pull() sends no header for a key where there is none", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url, { key: undefined });
  await pull(setup.options);
  assert(!/authorization/i.test(server.requests[0]!));
});

Deno.test("pull() replaces what is there and keeps its mode", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url);
  const { path } = setup.options;
  await Deno.writeTextFile(path, "old");
  await Deno.chmod(path, 0o640);
  await pull(setup.options);
  assertEquals(await Deno.readFile(path), ARCHIVE);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o640);
});

for (const [what, answer, message] of TRANSIENT) {
  Deno.test(`pull() tries again after ${what}, and begins anew`, async () => {
    await using server = serveAnswers(answer, archiveAnswer(ARCHIVE));
    const reasons: string[] = [];
    await using setup = await prepare(server.url, { onRetry: ({ message }) => void reasons.push(message) });
    await pull(setup.options);
    assertEquals(await Deno.readFile(setup.options.path), ARCHIVE);
    assertEquals(reasons.length, 1);
    assertMatch(reasons[0]!, message);
    assertMatch(
      reasons[0]!,
      /^Cannot download the archive from http:\/\/127\.0\.0\.1:\d+\/relay\/latest-all: [^(]*$/,
    );
    assertEquals(setup.options.timing.pauses, [1_500]);
  });
}

Deno.test("pull() tries again when nothing comes, before and within the body", async () => {
  const cut = [head("200 OK", { "Content-Length": ARCHIVE.length }), ARCHIVE.subarray(0, 9), "stall"];
  await using server = serveAnswers(["stall"], cut, archiveAnswer(ARCHIVE));
  const reasons: string[] = [];
  const timing = { stallTimeout: 200 } as never;
  await using setup = await prepare(server.url, {
    timing,
    onRetry: ({ message }) => void reasons.push(message),
  });
  await pull(setup.options);
  assertEquals(await Deno.readFile(setup.options.path), ARCHIVE);
  assertEquals(reasons.map((reason) => reason.split(": ")[1]), Array(2).fill("nothing came for 0.2 s"));
});

Deno.test("pull() fails after five tries whose pauses double, and leaves what was there", async () => {
  await using server = serveAnswers([head("503 Service Unavailable", { "Content-Length": 0 })]);
  await using setup = await prepare(server.url);
  await Deno.writeTextFile(setup.options.path, "old");
  const error = await assertRejects(() => pull(setup.options), PullError, "status 503");
  assertEquals(error.isRefusal, false);
  assertEquals(setup.options.timing.pauses, [1_500, 3_000, 6_000, 12_000]);
  assertEquals(server.requests.length, 5);
  assertEquals(setup.list(), ["flags.tar.gz"]);
  assertEquals(await Deno.readTextFile(setup.options.path), "old");
});

Deno.test("pull() waits as long as the server asks for, within a minute in all", async () => {
  const busy = (when: string): Answer => [head("503 Busy", { "Retry-After": when, "Content-Length": 0 })];
  await using server = serveAnswers(busy("7"), busy("Thu, 01 Jan 2026 00:00:27 GMT"), busy("34"));
  await using setup = await prepare(server.url);
  const error = await assertRejects(() => pull(setup.options), PullError, "status 503");
  assertEquals(error.hint, "the server asks for a pause of 34 s before the next try");
  assertEquals(setup.options.timing.pauses, [7_000, 20_000]);
});

for (const [what, answer, message, hint] of FINAL) {
  Deno.test(`pull() refuses ${what} at once, and leaves what was there`, async () => {
    await using server = serveAnswers(answer);
    await using setup = await prepare(server.url);
    await Deno.writeTextFile(setup.options.path, "old");
    const error = await assertRejects(() => pull(setup.options), PullError);
    assertMatch(error.message, message);
    assertMatch(error.hint ?? "", hint);
    assertEquals([error.isRefusal, server.requests.length], [true, 1]);
    assertEquals(setup.list(), ["flags.tar.gz"]);
    assertEquals(await Deno.readTextFile(setup.options.path), "old");
    assert(!Deno.inspect(error).includes(KEY.slice(4)));
  });
}

Deno.test("pull() says without a key that one is wanted", async () => {
  for (const status of ["401 Unauthorized", "403 Forbidden"]) {
    await using server = serveAnswers([head(status, { "Content-Length": 0 })]);
    await using setup = await prepare(server.url, { key: undefined });
    const error = await assertRejects(() => pull(setup.options), PullError);
    assertMatch(error.hint!, /wants a key.*--key-file/);
  }
});

Deno.test("pull() follows redirects within the origin, and not in circles", async () => {
  const moved = [head("307 Temporary Redirect", { Location: "../latest?x=1", "Content-Length": 0 })];
  await using server = serveAnswers(moved, archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url);
  await pull(setup.options);
  assertMatch(server.requests[1]!, /^GET \/latest\?x=1 HTTP/);
  await using circle = serveAnswers([
    head("302 Found", { Location: "/relay/latest-all", "Content-Length": 0 }),
  ]);
  await using other = await prepare(circle.url);
  await assertRejects(() => pull(other.options), PullError, "redirects more than 5 times");
  assertEquals(circle.requests.length, 6);
});

Deno.test("pull() never takes the key to another origin", async () => {
  await using other = serveAnswers(archiveAnswer(ARCHIVE));
  await using server = serveAnswers([head("302 Found", { Location: other.url.href, "Content-Length": 0 })]);
  await using setup = await prepare(server.url);
  await assertRejects(() => pull(setup.options), PullError, other.url.origin);
  assertEquals(other.requests, []);
});

Deno.test("pull() refuses what is too large, announced or not", async () => {
  const chunked = [
    head("200 OK", { "Transfer-Encoding": "chunked" }),
    `${ARCHIVE.length.toString(16)}\r\n`,
    ARCHIVE,
    "\r\n0\r\n\r\n",
  ];
  for (const answer of [[head("200 OK", { "Content-Length": 1e15 }), "stall"], chunked]) {
    await using server = serveAnswers(answer);
    await using setup = await prepare(server.url, { maxBytes: ARCHIVE.length - 1 });
    const error = await assertRejects(() => pull(setup.options), PullError, "it has more than");
    assertMatch(error.hint!, /MAX_ARCHIVE_SIZE/);
    assertEquals(setup.list(), []);
  }
});

Deno.test("pull() saves the archive's own bytes whatever encoding the server claims", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE, { "Content-Encoding": "gzip" }));
  await using setup = await prepare(server.url);
  await pull(setup.options);
  assertEquals(await Deno.readFile(setup.options.path), ARCHIVE);
});

Deno.test("pull() takes an archive that comes in chunks, slowly", async () => {
  const pieces = Array.from(
    { length: ARCHIVE.length },
    (_, i) => ["1\r\n", ARCHIVE.subarray(i, i + 1), "\r\n"],
  );
  await using server = serveAnswers([
    head("200 OK", { "Transfer-Encoding": "chunked" }),
    ...pieces.flat(),
    "0\r\n\r\n",
  ]);
  let last = 0;
  await using setup = await prepare(server.url, { onProgress: ({ length }) => last = length });
  await pull(setup.options);
  assertEquals(await Deno.readFile(setup.options.path), ARCHIVE);
  assertEquals(last, ARCHIVE.length);
});

Deno.test("pull() replaces the file that a link leads to, not the link", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url);
  const { path } = setup.options;
  await Deno.mkdir(`${path}.real`);
  await Deno.writeTextFile(`${path}.real/served`, "old");
  await Deno.symlink(`${path}.real/served`, path);
  await pull(setup.options);
  assert((await Deno.lstat(path)).isSymlink);
  assertEquals(await Deno.readFile(`${path}.real/served`), ARCHIVE);
  assertEquals((await Array.fromAsync(Deno.readDir(`${path}.real`))).length, 1);
});

Deno.test("pull() needs a file to replace, in a folder that takes it", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url);
  const path = setup.options.path;
  await Deno.mkdir(path);
  const isDirectory = await assertRejects(() => pull(setup.options), PullError, "it is not a regular file");
  assertEquals(isDirectory.isRefusal, false);
  await assertRejects(() => pull({ ...setup.options, path: `${path}/no/file` }), PullError, "Cannot write");
  assertEquals(server.requests, []);
});

Deno.test("pull() ends when it is aborted, while it waits and between tries, and leaves nothing", async () => {
  for (const answer of [["stall"], [head("200 OK", { "Content-Length": 9 }), "x", "stall"]] as const) {
    await using server = serveAnswers(answer);
    await using setup = await prepare(server.url);
    const pulling = pull({ ...setup.options, onProgress: setup.abort });
    if (answer.length === 1) setTimeout(setup.abort, 50);
    await assertRejects(() => pulling, Error, "aborted by the test");
    assertEquals(setup.list(), []);
  }
  await using server = serveAnswers([head("503 Busy", { "Content-Length": 0 })]);
  await using setup = await prepare(server.url);
  await assertRejects(() => pull({ ...setup.options, onRetry: setup.abort }), Error, "aborted by the test");
  assertEquals([server.requests.length, setup.list()], [1, []]);
});

Deno.test("pull() never sends the key in clear text, and needs one for LaunchDarkly", async () => {
  await using setup = await prepare(new URL("http://elsewhere.example/relay/latest-all"));
  const error = await assertRejects(() => pull(setup.options), PullError, "others on the way could read it");
  assertMatch(error.hint!, /https/);
  const proxy = { variable: "HTTP_PROXY", address: "http://proxy:3128" };
  const local = { ...setup.options, url: new URL("http://localhost:1/"), proxy };
  assertMatch((await assertRejects(() => pull(local), PullError)).hint!, /^unset HTTP_PROXY/);
  const url = new URL("https://sdk.eu.launchdarkly.com/relay/latest-all");
  await assertRejects(
    () => pull({ ...setup.options, url, key: undefined }),
    PullError,
    "without a relay key",
  );
});

Deno.test("pull() tells nobody's answer from a refusal, and names the proxy without its password", async () => {
  let url: URL;
  {
    await using server = serveAnswers(["reset"]);
    url = server.url;
  }
  await using setup = await prepare(url);
  const error = await assertRejects(() => pull(setup.options), PullError, "refused");
  assertEquals(error.isRefusal, false);
  assertMatch(error.hint!, /HTTPS_PROXY names it/);
  const proxy = { variable: "HTTPS_PROXY", address: "http://proxy:3128" };
  const proxied = await assertRejects(() => pull({ ...setup.options, key: undefined, proxy }), PullError);
  assertMatch(proxied.hint!, /HTTPS_PROXY is http:\/\/proxy:3128.*NO_PROXY=127\.0\.0\.1/);
});
