import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseRelayKey, PullError, readKeyFile } from "../../lib/pull/mod.ts";

const KEY = "rel-0d8f2b4a-1111-4222-8333-444455556666";

Deno.test("parseRelayKey() takes a key with white space around it", () => {
  for (const text of [KEY, ` ${KEY}\n`, `\ufeff${KEY}\r\n`]) assertEquals(parseRelayKey(text, "x"), KEY);
});

Deno.test("parseRelayKey() says what is no relay key, and never shows it", () => {
  const cases: [text: string, problem: string][] = [
    ["", "it is empty"],
    [" \n", "it is empty"],
    ["sdk-secret", "it is an SDK key"],
    ["mob-secret", "it is a mobile key"],
    ["api-secret", "it is an API access token"],
    ["rel-secret 2", "a key has neither spaces nor special characters"],
    ['"rel-secret"', "a key has neither spaces nor special characters"],
    ["AUTO_CONFIG_KEY=rel-secret", "a key has neither spaces nor special characters"],
    ["rel-secret\u2013", "a key has neither spaces nor special characters"],
    ["rel-secret\0", "a key has neither spaces nor special characters"],
  ];
  for (const [text, problem] of cases) {
    const { message, hint } = assertThrows(() => parseRelayKey(text, "AUTO_CONFIG_KEY"), PullError);
    assertEquals(message, `Cannot use the relay key of AUTO_CONFIG_KEY: ${problem}`);
    assertMatch(hint!, /relay configuration/);
  }
});

Deno.test("readKeyFile() reads the first line, and warns of a file that others can read", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, `\n  ${KEY}  \r\nsecond line\n`);
  assertEquals(readKeyFile(path), { key: KEY });
  // As PowerShell writes it.
  await Deno.writeFile(
    path,
    new Uint8Array(new Uint16Array([..."\ufeff" + KEY + "\r\n"].map((c) => c.charCodeAt(0))).buffer),
  );
  assertEquals(readKeyFile(path), { key: KEY });
  await Deno.chmod(path, 0o644);
  assertMatch(
    readKeyFile(path).warning!,
    /^Every user of this host can read the relay key in ".*": chmod 600/,
  );
  await Deno.remove(path);
});

Deno.test("readKeyFile() refuses what holds no key", async () => {
  const path = await Deno.makeTempFile();
  for (const text of ["", "\n\n", "x".repeat(100_000), "sdk-secret"]) {
    await Deno.writeTextFile(path, text);
    const error = assertThrows(() => readKeyFile(path), PullError, path);
    assert(!error.message.includes("secret"));
  }
  await Deno.remove(path);
  assertThrows(() => readKeyFile(path), PullError, "Cannot read the relay key from");
  assertThrows(() => readKeyFile("/dev/zero"), PullError, "not a regular file");
});
