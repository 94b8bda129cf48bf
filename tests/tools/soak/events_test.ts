import { assertEquals, assertRejects } from "@std/assert";
import { readEvents, type ServerEvent } from "../../../tools/soak/events.ts";

async function* cut(text: string, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

Deno.test("readEvents() takes events apart, however they arrive, and passes over comments", async () => {
  const text =
    'event: put\ndata: {"a":1}\n\n:\n\nevent: ping\ndata: \n\n:\n\n:\n\nevent: patch\ndata: {}\n\n';
  const events: ServerEvent[] = [
    { name: "put", data: '{"a":1}' },
    { name: "ping", data: "" },
    { name: "patch", data: "{}" },
  ];
  for (let length = 1; length <= text.length; length++) {
    assertEquals(await Array.fromAsync(readEvents(cut(text, length))), events, `pieces of ${length}`);
  }
});

Deno.test("readEvents() refuses what is no event", async () => {
  for (
    const text of [
      "data: {}\n\n",
      "event: put\n\n",
      "\n\n",
      "event: put\ndata: {}\nid: 1\n\n",
      "HTTP/1.1 200\n\n",
    ]
  ) {
    await assertRejects(() => Array.fromAsync(readEvents(cut(text, 5))), SyntaxError, "No event", text);
  }
});
