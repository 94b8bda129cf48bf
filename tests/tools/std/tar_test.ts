import { assert, assertEquals, assertRejects } from "@std/assert";
import { TarStream, type TarStreamInput, UntarStream } from "@std/tar";

const encoder = new TextEncoder();

/** A file for `TarStream`; `size` as it is, if it is a lie. */
function file(path: string, content: string, size: number = encoder.encode(content).length): TarStreamInput {
  return { type: "file", path, size, readable: new Blob([content]).stream(), options: { mtime: 0 } };
}

async function write(...files: TarStreamInput[]): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(ReadableStream.from(files).pipeThrough(new TarStream())).bytes();
}

/** Reads a tar that comes in chunks of some length. */
async function read(
  tar: Uint8Array<ArrayBuffer>,
  chunk = tar.length,
): Promise<[path: string, text?: string][]> {
  const chunks = Array.from(
    { length: Math.ceil(tar.length / chunk) },
    (_, i) => tar.slice(i * chunk, (i + 1) * chunk),
  );
  const entries: [path: string, text?: string][] = [];
  for await (const { path, readable } of ReadableStream.from(chunks).pipeThrough(new UntarStream())) {
    entries.push(readable ? [path, new TextDecoder().decode(await collect(readable))] : [path]);
  }
  return entries;
}

async function collect(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).bytes();
}

const FILES: [path: string, content: string][] = [
  ["checksum.md5", "0123456789abcdef"],
  ["empty.json", ""],
  ["block.json", "b".repeat(512)],
  ["größe-温度.json", "ключ\n".repeat(300)],
  ["n".repeat(100), "long"],
];

Deno.test("TarStream writes what UntarStream reads back, in whatever chunks", async () => {
  const tar = await write(...FILES.map(([path, content]) => file(path, content)));
  for (const chunk of [1, 300, 512, 1024, 65_536]) assertEquals(await read(tar, chunk), FILES);
});

Deno.test("TarStream writes headers, whole blocks and two of zeros at the end", async () => {
  assertEquals(await write(), new Uint8Array(1024));
  const tar = await write(file("a.json", "{}"));
  assertEquals(tar.length, 4 * 512);
  const text = new TextDecoder().decode(tar);
  assertEquals(text.slice(0, 7), "a.json\0");
  assertEquals(parseInt(text.slice(124, 136), 8), 2);
  assertEquals(parseInt(text.slice(136, 148), 8), 0);
  assertEquals(text.slice(257, 265), "ustar\x0000");
  assertEquals(text.slice(512), "{}" + "\0".repeat(510 + 1024));
});

Deno.test("TarStream writes folders, symbolic links and permissions", async () => {
  const options = { mode: 0o555, mtime: 0 };
  const tar = await write(
    { type: "directory", path: "d", options },
    { type: "symlink", path: "l", linkname: "d/f", options },
    { ...file("d/f", ""), options },
  );
  assertEquals(tar.length, 5 * 512);
  const text = new TextDecoder().decode(tar);
  for (const [i, kind, link] of [[0, "5", ""], [1, "2", "d/f"], [2, "0", ""]] as const) {
    const header = text.slice(i * 512, (i + 1) * 512);
    assertEquals(parseInt(header.slice(100, 108), 8), 0o555);
    assertEquals([header[156], header.slice(157, 257).replace(/\0*$/, "")], [kind, link]);
  }
});

Deno.test("TarStream gives the same bytes for the same files", async () => {
  assertEquals(await write(file("a.json", "{}")), await write(file("a.json", "{}")));
});

Deno.test("TarStream refuses a size that is not the content's, and a name that does not fit", async () => {
  await assertRejects(() => write(file("a.json", "{}", 3)));
  await assertRejects(() => write(file("a.json", "{}", 1)));
  await assertRejects(() => write(file("a.json", "{}", -1)));
  await assertRejects(() => write(file("n".repeat(101), "{}")), RangeError);
});

Deno.test("UntarStream gives a directory without content", async () => {
  const tar = await write(file("a/", ""), file("b", "b"));
  tar[156] = "5".charCodeAt(0);
  const sum = parseInt(new TextDecoder().decode(tar.subarray(148, 154)), 8) + 5;
  tar.set(encoder.encode(sum.toString(8).padStart(6, "0")), 148);
  assertEquals(await read(tar), [["a/"], ["b", "b"]]);
});

Deno.test("UntarStream goes on to the next entry when one is cancelled", async () => {
  const tar = await write(file("a", "a".repeat(5000)), file("b", "b"));
  const paths: string[] = [];
  for await (const { path, readable } of ReadableStream.from([tar]).pipeThrough(new UntarStream())) {
    await readable?.cancel();
    paths.push(path);
  }
  assertEquals(paths, ["a", "b"]);
});

Deno.test("UntarStream refuses a tar that is empty, cut off or damaged", async () => {
  const tar = await write(file("a", "a".repeat(600)), file("b", "b"));
  const end = tar.length - 1024;
  for (const length of [0, 100, 512, 700, 512 + 1024, end, end + 512]) {
    await assertRejects(() => read(tar.slice(0, length)), Error, "", `cut off after ${length} bytes`);
  }
  const damaged = tar.slice();
  damaged[2]! ^= 1;
  await assertRejects(() => read(damaged));
  const second = tar.slice();
  second[512 + 1024 + 2]! ^= 1;
  await assertRejects(() => read(second));
  assert(await read(tar));
});
