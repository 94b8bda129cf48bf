import { readArchive } from "./_environments.ts";
import { assert, assertEquals } from "@std/assert";
import { ArchiveError, writeArchive } from "../../lib/archive/mod.ts";
import { gunzip } from "../../lib/archive/_gunzip.ts";
import { listFiles } from "../../lib/archive/_guard.ts";
import fc from "fast-check";
import { concat } from "../../lib/wire/mod.ts";
import { withByte } from "./_bytes.ts";

const small = await writeArchive([{
  id: "e1",
  metadata: '{"env":{"envID":"e1","sdkKey":{"value":"sdk-1"}}}',
  data: '{"flags":{"night-shift":{"key":"night-shift","version":7,"on":true,"variations":[true,false]}}}',
}]);
const original = describe(await readArchive(small));
const FORMATS = { ".tar.gz": small, ".tar": await gunzip(small, 100_000) };

function describe(archive: unknown): string {
  return JSON.stringify(archive, (_, value) => value instanceof Map ? [...value] : value);
}

/** Reads a damaged archive: it must be refused or give the same. Tells whether it was refused. */
async function isRefused(bytes: Uint8Array): Promise<boolean> {
  try {
    assertEquals(describe(await readArchive(bytes)), original);
    return false;
  } catch (error) {
    assert(error instanceof ArchiveError, String(error));
    return true;
  }
}

for (const [format, bytes] of Object.entries(FORMATS)) {
  Deno.test(`readArchive() refuses a ${format} that is cut off, wherever but in the zeros at its end`, async () => {
    const whole = bytes.length - (format === ".tar" ? 1024 : 0);
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(
        await isRefused(bytes.subarray(0, length)),
        length < whole,
        `cut off after ${length} bytes`,
      );
    }
    assert(!await isRefused(bytes));
  });

  Deno.test(`readArchive() takes zeros or one newline behind a ${format}, and refuses any other bytes`, async () => {
    const tail = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0, 10, 13, 32), { maxLength: 6 }).map((list) => new Uint8Array(list)),
      fc.nat(3000).map((length) => new Uint8Array(length)),
    );
    await fc.assert(
      fc.asyncProperty(tail, async (tail) => {
        const expected = tail.every((byte) => byte === 0) || tail.length === 1 && tail[0] === 10;
        assertEquals(!await isRefused(concat([bytes, tail])), expected);
      }),
      { numRuns: 500, examples: [[new Uint8Array([10])], [new Uint8Array([10, 10])]] },
    );
  });

  Deno.test(`readArchive() refuses a ${format} with one bit flipped, or gives the same data`, async () => {
    let refused = 0;
    for (let offset = 0; offset < bytes.length; offset++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        if (await isRefused(withByte(bytes, offset, bytes[offset]! ^ bit))) refused++;
      }
    }
    assert(refused > bytes.length * 7);
  });
}

Deno.test("readArchive() refuses a .tar.gz with one byte changed to any other, or gives the same data", async () => {
  for (let offset = 0; offset < small.length; offset += 3) {
    for (let value = 0; value < 256; value++) await isRefused(withByte(small, offset, value));
  }
});

Deno.test("listFiles() refuses a header with one byte changed to any other, unless the checksum says the same", () => {
  const tar = FORMATS[".tar"];
  const names = listFiles(tar).map(({ name }) => name).join();
  const tolerated: number[] = [];
  for (let offset = 0; offset < 512; offset++) {
    for (let value = 0; value < 256; value++) {
      if (value === tar[offset]) continue;
      try {
        assertEquals(listFiles(withByte(tar, offset, value)).map(({ name }) => name).join(), names);
        tolerated.push(offset);
      } catch (error) {
        assert(error instanceof ArchiveError, String(error));
      }
    }
  }
  // A space for the first zero, and NUL and space for each other at the end.
  assertEquals(tolerated, [148, 154, 155]);
});
