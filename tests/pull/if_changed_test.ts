import { assertEquals } from "@std/assert";
import { hash } from "node:crypto";
import { pull } from "../../lib/pull/mod.ts";
import { archiveAnswer, head, KEY, makeArchive, prepare, serveAnswers } from "./_server.ts";

const ARCHIVE = await makeArchive(true);
const OTHER = await makeArchive(false);

Deno.test("pull() with ifChanged asks by entity tag, and keeps a file that has not changed", async () => {
  const unchanged = [head("304 Not Modified", { ETag: '"1"' })];
  await using server = serveAnswers(
    archiveAnswer(ARCHIVE, { ETag: '"1"' }),
    unchanged,
    archiveAnswer(OTHER, { ETag: 'W/"2"' }),
    unchanged,
  );
  await using setup = await prepare(server.url, { ifChanged: true });
  const { path } = setup.options;
  assertEquals((await pull(setup.options)).archive?.digest, hash("sha256", ARCHIVE));
  assertEquals(setup.list(), ["flags.tar.gz", "flags.tar.gz.etag"]);
  assertEquals((await Deno.stat(`${path}.etag`)).mode! & 0o777, 0o600);
  assertEquals(await pull(setup.options), {});
  assertEquals(await Deno.readFile(path), ARCHIVE);
  assertEquals((await pull(setup.options)).archive?.digest, hash("sha256", OTHER));
  assertEquals(await pull(setup.options), {});
  const sent = server.requests.map((request) => /^if-none-match: (.*)\r$/m.exec(request)?.[1]);
  assertEquals(sent, [undefined, '"1"', '"1"', 'W/"2"']);
});

Deno.test("pull() keeps no entity tag that shows the key", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE, { ETag: `"${KEY}"` }));
  await using setup = await prepare(server.url, { ifChanged: true });
  await pull(setup.options);
  assertEquals(setup.list(), ["flags.tar.gz"]);
});

Deno.test("pull() with ifChanged does not touch a file with the same content", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url, { ifChanged: true });
  const { path } = setup.options;
  await Deno.writeFile(path, ARCHIVE);
  await Deno.utime(path, 1_000, 1_000);
  const before = await Deno.stat(path);
  assertEquals(await pull(setup.options), {});
  const after = await Deno.stat(path);
  assertEquals([after.ino, after.mtime], [before.ino, before.mtime]);
});

Deno.test("pull() sends no entity tag of another file, of another server, or that is damaged", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE, { ETag: '"1"' }));
  await using setup = await prepare(server.url, { ifChanged: true });
  const { path } = setup.options;
  const url = server.url.origin + server.url.pathname;
  const sha256 = hash("sha256", ARCHIVE);
  const kept = [
    { url, sha256: hash("sha256", OTHER), etag: '"1"' },
    { url: "https://elsewhere.example/relay/latest-all", sha256, etag: '"1"' },
    { url, sha256, etag: '"1"\r\nX: y' },
    { url, sha256, etag: `"${"1".repeat(2_000)}"` },
    { url, sha256, etag: 1 },
    null,
  ];
  for (const text of [...kept.map((tag) => JSON.stringify(tag)), "", "{", "x".repeat(100_000)]) {
    await Deno.writeFile(path, ARCHIVE);
    await Deno.writeTextFile(`${path}.etag`, text);
    assertEquals(await pull(setup.options), {});
  }
  assertEquals(server.requests.filter((request) => /if-none-match/i.test(request)), []);
});
