import { assertEquals, assertRejects } from "@std/assert";
import {
  acceptsEncodings,
  eTag,
  ifNoneMatch,
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http";

Deno.test("eTag() is length and SHA-256, so that replicas agree whatever they were built with", async () => {
  assertEquals(await eTag(""), '"0-47DEQpj8HBSa+/TImW+5JCeuQeR"');
  assertEquals(await eTag(new Uint8Array()), '"0-47DEQpj8HBSa+/TImW+5JCeuQeR"');
  assertEquals(await eTag("hello"), '"5-LPJNul+wow4m6DsqxbninhsWHlw"');
  assertEquals(await eTag(new TextEncoder().encode("hello")), await eTag("hello"));
  assertEquals(await eTag("hello", { weak: true }), 'W/"5-LPJNul+wow4m6DsqxbninhsWHlw"');
  assertEquals(await eTag("ü".repeat(100)), '"c8-g68uJMRkvqPOd/Q2Q+92tXJiNHM"');
});

const IF_NONE_MATCH: [value: string | null, etag: string | undefined, isNeeded: boolean][] = [
  [null, '"a"', true],
  ["", '"a"', true],
  ['"a"', undefined, true],
  ['"a"', '"a"', false],
  ['"b"', '"a"', true],
  ['"A"', '"a"', true],
  ["a", '"a"', true],
  ['W/"a"', '"a"', false],
  ['"a"', 'W/"a"', false],
  ['W/"a"', 'W/"a"', false],
  ['w/"a"', '"a"', true],
  ["*", '"a"', false],
  [" * ", '"a"', false],
  ['"b", "a"', '"a"', false],
  ['"b" ,W/"a","c"', '"a"', false],
  ['"b","c"', '"a"', true],
  ['"b", *', '"a"', true],
];

Deno.test("ifNoneMatch() compares weakly against each tag of the list", () => {
  for (const [value, etag, isNeeded] of IF_NONE_MATCH) {
    assertEquals(ifNoneMatch(value, etag), isNeeded, `${value} against ${etag}`);
  }
});

const ACCEPT_ENCODING: [header: string | undefined, choice: string | undefined][] = [
  [undefined, "gzip"],
  ["", "gzip"],
  ["gzip", "gzip"],
  ["GZIP", "gzip"],
  ["gzip, deflate, br", "gzip"],
  ["br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"],
  ["gzip ; q=0.001", "gzip"],
  ["*", "gzip"],
  ["gzip;q=0.5, identity", "identity"],
  ["gzip;q=0", "identity"],
  ["gzip;q=abc", "identity"],
  ["deflate", "identity"],
  ["x-gzip", "identity"],
  ["not gzip", "identity"],
  [",", "identity"],
  ["*;q=0", undefined],
  ["identity;q=0", undefined],
  ["identity;q=0, *;q=0, gzip", "gzip"],
];

Deno.test("acceptsEncodings() picks what the client prefers, and nothing if it refuses all", () => {
  for (const [header, choice] of ACCEPT_ENCODING) {
    const headers = new Headers(header === undefined ? {} : { "accept-encoding": header });
    assertEquals(acceptsEncodings({ headers }, "gzip", "identity"), choice, header ?? "no header");
  }
});

const MESSAGES: [message: ServerSentEventMessage, bytes: string][] = [
  [{ event: "put", data: '{"a":1}' }, 'event:put\ndata:{"a":1}\n\n'],
  [{ data: "" }, "data:\n\n"],
  [{ data: "a\nb\r\nc\rd" }, "data:a\ndata:b\ndata:c\ndata:d\n\n"],
  [{ data: "a\u2028ü" }, "data:a\u2028ü\n\n"],
  [{ comment: "" }, ":\n\n"],
  [{ comment: "a\nb" }, ":a\n:b\n\n"],
  [{}, "\n\n"],
  [
    { retry: 1000, id: 7, data: "d", event: "e", comment: "c" },
    ":c\nevent:e\ndata:d\nid:7\nretry:1000\n\n",
  ],
];

Deno.test("ServerSentEventStream() writes each field on lines of its own, in a fixed order", async () => {
  for (const [message, bytes] of MESSAGES) {
    const stream = ReadableStream.from([message]).pipeThrough(new ServerSentEventStream());
    assertEquals(await new Response(stream).text(), bytes);
  }
});

Deno.test("ServerSentEventStream() refuses a line break in an event name or ID", async () => {
  for (const [field, value] of [["event", "a\nb"], ["event", "a\r"], ["id", "\r\nb"]] as const) {
    const stream = ReadableStream.from([{ [field]: value }]).pipeThrough(new ServerSentEventStream());
    await assertRejects(
      () => Array.fromAsync(stream),
      SyntaxError,
      `Cannot serialize message: \`message.${field}\` cannot contain a newline`,
    );
  }
});
