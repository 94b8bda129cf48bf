import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { checkMemory, findMemoryLimit } from "../../lib/load/memory.ts";
import { TransientError } from "../../lib/source/mod.ts";

const MiB = 1_048_576;

/** An archive, as far as its length counts, that unpacks to so many bytes. */
function packed(length: number): Uint8Array {
  return new Uint8Array(gzipSync(new Uint8Array(length)));
}

Deno.test("checkMemory() admits what fits: twice its unpacked length and up to 32 MiB beside what is used", () => {
  checkMemory("flags.tar.gz", packed(20 * MiB), 100 * MiB + 72 * MiB, () => 100 * MiB);
  checkMemory("flags.tar.gz", packed(20 * MiB), Infinity);
  checkMemory("flags.tar", new Uint8Array(MiB), 12 * MiB, () => 0);
});

Deno.test("checkMemory() refuses more, for now, and names both numbers and the setting", () => {
  for (
    const [bytes, limit] of [
      [packed(20 * MiB), 172 * MiB - 1],
      [new Uint8Array(20 * MiB), 172 * MiB - 1],
    ] as const
  ) {
    const error = assertThrows(
      () => checkMemory("flags.tar.gz", bytes, limit, () => 100 * MiB),
      TransientError,
      'Cannot load "flags.tar.gz": it takes about 176 MiB of memory, the limit is 171 MiB',
    );
    assertMatch(error.hint, /MEMORY_LIMIT/);
  }
});

Deno.test("checkMemory() takes no trailer at its word that says less than the file has", () => {
  const lying = new Uint8Array(20 * MiB);
  lying.set([0x1f, 0x8b]);
  assertThrows(() => checkMemory("flags.tar.gz", lying, 71 * MiB, () => 0), TransientError);
});

Deno.test("findMemoryLimit() is what is configured, else what the system allows", () => {
  assertEquals(findMemoryLimit(5 * MiB), 5 * MiB);
  const limit = findMemoryLimit();
  assertEquals(limit >= 16 * MiB, true, `${limit}`);
});

Deno.test({
  name: "findMemoryLimit() is without end where the system may not be asked",
  permissions: { sys: false },
  fn: () => assertEquals(findMemoryLimit(), Infinity),
});
