import { assertEquals, assertThrows } from "@std/assert";
import * as types from "../../lib/config/_types.ts";
import type { ValueSource, ValueType } from "../../lib/config/_types.ts";

const BOOLEAN = "not a valid boolean value (must be true/false, yes/no, or 0/1)";
const DURATION = 'not a valid duration (must use format "1ms", "1s", "1m", etc.)';
const INTEGER = "not a valid integer";
const SIZE = "not a valid base-2 byte size";
const AGE = 'not a valid age (must use format "720h" or "30d", and "hard" behind it if at all)';
const TIME = 'not a valid time (must use format "2026-12-31T12:00:00Z")';

const GOOD: Record<string, [type: ValueType<unknown>, values: [text: string, value: unknown][]]> = {
  text: [types.text, [["", undefined], ["a", "a"], [" a, b ", " a, b "]]],
  path: [types.path, [["", undefined], ["/a b", "/a b"]]],
  socketPath: [types.socketPath, [
    ["", undefined],
    ["/run/halyard/halyard.sock", "/run/halyard/halyard.sock"],
    [`/${"a".repeat(106)}`, `/${"a".repeat(106)}`],
  ]],
  integer: [types.integer, [["", undefined], ["1", 1], ["+7", 7], ["007", 7], ["1000000", 1_000_000]]],
  "integer or zero": [types.integerOrZero, [["", undefined], ["0", 0], ["+00", 0], ["-0", 0], [
    "2048",
    2048,
  ]]],
  port: [types.port, [["", undefined], ["1", 1], ["65535", 65_535]]],
  duration: [types.duration, [
    ["", undefined],
    ["0", 0],
    ["-0", 0],
    ["0s", 0],
    ["300ms", 300],
    ["15s", 15_000],
    ["1m30s", 90_000],
    ["1h1m1s1ms1us1ns", 3_661_001.001001],
    ["3\u00b5s", 0.003],
    ["3\u03bcs", 0.003],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1.s", 1_000],
    ["-1m30s", -90_000],
    ["+1s", 1_000],
    ["0.5ns", 0],
    ["2562047h47m16.854775807s", 9_223_372_036_854.775],
  ]],
  url: [types.url, [["", undefined], ["http://a", "http://a"], ["localhost:8030", "localhost:8030"]]],
  list: [types.list, [["", []], ["a", ["a"]], ["a,b", ["a", "b"]], [" a , b\t", ["a", "b"]], ["a,,b,", [
    "a",
    "",
    "b",
    "",
  ]]]],
  headerList: [types.headerList, [
    ["", []],
    [" , \t,", []],
    [", https://a ,\thttps://b:8030\t,,", ["https://a", "https://b:8030"]],
  ]],
  pathList: [types.pathList, [["", []], [" a.pub ,, /b/c.pem,", ["a.pub", "/b/c.pem"]]]],
  directoryPath: [types.directoryPath, [
    ["", undefined],
    ["/var/lib/halyard", "/var/lib/halyard"],
    ["/var/lib/halyard//", "/var/lib/halyard"],
    ["/", "/"],
    ["//", "/"],
    ["C:\\state", "C:\\state"],
  ]],
  ageLimit: [types.ageLimit, [
    ["", undefined],
    ["720h", { ms: 2_592_000_000, isHard: false }],
    ["30d", { ms: 2_592_000_000, isHard: false }],
    ["1h30m hard", { ms: 5_400_000, isHard: true }],
    ["30d,HARD", { ms: 2_592_000_000, isHard: true }],
  ]],
  moment: [types.moment, [
    ["", undefined],
    ["2026-12-31T12:00:00Z", Date.UTC(2026, 11, 31, 12)],
    ["2026-12-31T13:00:00.5+01:00", Date.UTC(2026, 11, 31, 12, 0, 0, 500)],
    ["2028-02-29T00:00:00-00:30", Date.UTC(2028, 1, 29, 0, 30)],
  ]],
  trustMode: [types.trustMode, [["", undefined], ["off", "off"], ["Require", "require"]]],
  tags: [types.tags, [["a:b,c", ["a:b,c"]]]],
  logLevel: [types.logLevel, [["", undefined], ["debug", "debug"], ["WARN", "warn"], ["None", "none"]]],
  logFormat: [types.logFormat, [["", undefined], ["text", "text"], ["JSON", "json"]]],
  tlsVersion: [types.tlsVersion, [["", undefined], ["1.0", "1.0"], ["1.3", "1.3"]]],
  size: [types.size, [
    ["", undefined],
    ["0", 0],
    ["0B", 0],
    ["512B", 512],
    ["1KiB", 1024],
    ["1KB", 1024],
    ["1.5MiB", 1_572_864],
    ["1MiB512KiB", 1_572_864],
    ["10GiB", 10_737_418_240],
    ["-1B", -1],
    ["7EiB", 7 * 2 ** 60],
  ]],
};

for (const [name, [type, values]] of Object.entries(GOOD)) {
  Deno.test(`${name}.parse() reads what the Relay Proxy reads`, () => {
    for (const source of ["file", "environment"] as const) {
      for (const [text, value] of values) assertEquals(type.parse(text, source), value, JSON.stringify(text));
    }
  });
}

const BAD: Record<string, [type: ValueType<unknown>, values: [text: string, error: string][]]> = {
  "integer or zero": [types.integerOrZero, [["x", INTEGER], ["0x0", INTEGER], ["0.0", INTEGER], [
    "-1",
    "value must not be negative",
  ]]],
  socketPath: [types.socketPath, [
    ["halyard.sock", "not an absolute path"],
    ["@halyard", "not an absolute path"],
    ["/", "not an absolute path"],
    ["/run/a\0b", "not an absolute path"],
    [`/${"a".repeat(107)}`, "value has 108 bytes, the path of a Unix socket at most 107"],
    [`/${"\u00fc".repeat(54)}`, "value has 109 bytes, the path of a Unix socket at most 107"],
  ]],
  directoryPath: [types.directoryPath, [
    ["state", "not an absolute path without a comma"],
    ["/a,/b", "not an absolute path without a comma"],
    ["/a\0b", "not an absolute path without a comma"],
    ["/var/lib/a:/var/lib/b", "these are several paths: name one"],
  ]],
  ageLimit: [types.ageLimit, [
    ["hard", AGE],
    ["30d soft", AGE],
    ["30d hard hard", AGE],
    ["30dhard", AGE],
    ["0", AGE],
    ["-1h", AGE],
    ["1.5d", AGE],
    ["9".repeat(400) + "d", AGE],
  ]],
  moment: [types.moment, [
    ["2026-12-31", TIME],
    ["2026-12-31T12:00:00", TIME],
    ["2026-12-31T24:00:00Z", TIME],
    ["2026-02-30T12:00:00Z", TIME],
    ["2026-12-31 12:00:00Z", TIME],
    ["2026-12-31T12:00:00+25:00", TIME],
  ]],
  trustMode: [types.trustMode, [["on", '"on" is not a valid mode']]],
  integer: [types.integer, [
    ["x", INTEGER],
    ["8030x", INTEGER],
    ["0x10", INTEGER],
    ["1e3", INTEGER],
    ["1.0", INTEGER],
    [" 1", INTEGER],
    ["1_000", INTEGER],
    ["٣", INTEGER],
    ["99999999999999999999", INTEGER],
    ["0", "value must be greater than zero"],
    ["-1", "value must be greater than zero"],
  ]],
  port: [types.port, [["65536", "value must be at most 65535"], ["0", "value must be greater than zero"]]],
  duration: [types.duration, [
    ["15", DURATION],
    ["s", DURATION],
    ["1 s", DURATION],
    ["1S", DURATION],
    ["1d", DURATION],
    [".s", DURATION],
    ["1..5s", DURATION],
    ["1s2", DURATION],
    ["1s-2s", DURATION],
    ["--1s", DURATION],
    ["-", DURATION],
    ["00", DURATION],
    ["1e3s", DURATION],
    ["constructor", DURATION],
    ["1constructor", DURATION],
    ["2562048h", DURATION],
    ["9".repeat(10_000), DURATION],
    ["1s".repeat(10_000) + "!", DURATION],
  ]],
  url: [types.url, [
    ["sdk.launchdarkly.com", "must be an absolute URL/URI"],
    ["/path", "must be an absolute URL/URI"],
    ["http://a b", "not a valid URL/URI"],
    ["://a", "not a valid URL/URI"],
    ["1a:b", "not a valid URL/URI"],
    ["a%zz", "not a valid URL/URI"],
  ]],
  logLevel: [types.logLevel, [["trace", '"trace" is not a valid log level'], [
    "in\nfo",
    '"in\\nfo" is not a valid log level',
  ]]],
  logFormat: [types.logFormat, [["xml", '"xml" is not a valid log format']]],
  tlsVersion: [types.tlsVersion, [["1", '"1" is not a valid TLS version'], [
    "TLS1.2",
    '"TLS1.2" is not a valid TLS version',
  ]]],
  size: [types.size, [["10", SIZE], ["10mb", SIZE], ["10M", SIZE], ["MiB", SIZE], ["1 MiB", SIZE], [
    "9EiB",
    SIZE,
  ]]],
};

for (const [name, [type, values]] of Object.entries(BAD)) {
  Deno.test(`${name}.parse() refuses the rest in the Relay Proxy's words`, () => {
    for (const [text, error] of values) {
      const { message } = assertThrows(() => type.parse(text, "file"), SyntaxError);
      assertEquals(message, error, JSON.stringify(text.slice(0, 20)));
    }
  });
}

/** Reads a boolean, or gives the error. */
function readBoolean(text: string, source: ValueSource): boolean | string | undefined {
  try {
    return types.boolean.parse(text, source);
  } catch (error) {
    return (error as Error).message;
  }
}

const BOOLEANS: [text: string, inFile: boolean | string, inEnvironment: boolean | string | undefined][] = [
  ["true", true, true],
  ["YES", true, true],
  ["1", true, true],
  ["False", false, false],
  ["no", false, false],
  ["0", false, false],
  ["on", true, BOOLEAN],
  ["OFF", false, BOOLEAN],
  ["", BOOLEAN, undefined],
  ["t", BOOLEAN, BOOLEAN],
  ["2", BOOLEAN, BOOLEAN],
  [" true", BOOLEAN, BOOLEAN],
];

Deno.test("boolean.parse() reads a file and the environment as the Relay Proxy does, each in its way", () => {
  for (const [text, inFile, inEnvironment] of BOOLEANS) {
    assertEquals(readBoolean(text, "file"), inFile, text);
    assertEquals(readBoolean(text, "environment"), inEnvironment, text);
  }
});
