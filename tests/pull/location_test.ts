import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { formatUrl, INSTANCES, PullError, resolveArchiveUrl } from "../../lib/pull/mod.ts";

Deno.test("resolveArchiveUrl() adds the path of the archive to a base, and to a file nothing", () => {
  const cases: [base: string, url: string][] = [
    [INSTANCES.us, "https://sdk.launchdarkly.com/relay/latest-all"],
    [INSTANCES.federal, "https://sdk.launchdarkly.us/relay/latest-all"],
    [INSTANCES.eu, "https://sdk.eu.launchdarkly.com/relay/latest-all"],
    ["https://sdk.launchdarkly.com/", "https://sdk.launchdarkly.com/relay/latest-all"],
    ["http://[::1]:8030/a/b//", "http://[::1]:8030/a/b/relay/latest-all"],
    ["https://x.example/flags.tar.gz", "https://x.example/flags.tar.gz"],
    ["https://x.example/flags.tgz?signature=1", "https://x.example/flags.tgz?signature=1"],
    ["https://x.example/flags.tar#top", "https://x.example/flags.tar"],
    ["https://x.example/?file=flags.tar", "https://x.example/relay/latest-all?file=flags.tar"],
  ];
  for (const [base, url] of cases) assertEquals(resolveArchiveUrl(base).href, url);
});

Deno.test("resolveArchiveUrl() refuses what is no address of a server, and shows no password", () => {
  for (const base of ["", "sdk.launchdarkly.com", "ftp://x.example/", "file:///flags.tar.gz", "https://"]) {
    const error = assertThrows(() => resolveArchiveUrl(base), PullError, "not an http or https URL");
    assertEquals(error.hint, "write it as https://sdk.launchdarkly.com");
  }
  for (
    const base of [
      "https://me:secret@x.example/",
      "https://secret@x.example",
      "me:secret@x.example",
      "s3://secret@x/",
      "s3://bucket/flags.tar.gz?signature=secret",
    ]
  ) {
    const { message } = assertThrows(() => resolveArchiveUrl(base), PullError);
    assertMatch(message, /^Cannot use the base URI/);
    assertEquals(message.includes("secret"), false);
  }
});

Deno.test("formatUrl() leaves out the query, which may be a password", () => {
  assertEquals(
    formatUrl(new URL("https://x.example:8443/flags.tar?signature=1")),
    "https://x.example:8443/flags.tar",
  );
});
