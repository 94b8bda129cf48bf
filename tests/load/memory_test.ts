import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { findMemoryLimit, planMemory } from "../../lib/load/memory.ts";
import { TransientError } from "../../lib/source/mod.ts";

const MiB = 1_048_576;

/** An archive, as far as its length counts, that unpacks to so many bytes. */
function packed(length: number): Uint8Array {
  return new Uint8Array(gzipSync(new Uint8Array(length)));
}

Deno.test("planMemory() leaves to the thread's heap what remains beside what is used and the archive twice, unpacked", () => {
  const archive = packed(20 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, 172 * MiB, () => 100 * MiB), 32 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, 300 * MiB, () => 100 * MiB), 160 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, Infinity), Infinity);
  assertEquals(planMemory("flags.tar", new Uint8Array(MiB), 12 * MiB, () => 0), 10 * MiB);
});

Deno.test("planMemory() refuses more, for now, and names both numbers and the setting", () => {
  for (
    const [bytes, limit] of [
      [packed(20 * MiB), 172 * MiB - 1],
      [new Uint8Array(20 * MiB), 172 * MiB - 1],
    ] as const
  ) {
    const error = assertThrows(
      () => planMemory("flags.tar.gz", bytes, limit, () => 100 * MiB),
      TransientError,
      'Cannot load "flags.tar.gz": it takes about 176 MiB of memory, the limit is 171 MiB',
    );
    assertMatch(error.hint, /MEMORY_LIMIT/);
  }
});

Deno.test("planMemory() takes no trailer at its word that says less than the file has", () => {
  const lying = new Uint8Array(20 * MiB);
  lying.set([0x1f, 0x8b]);
  assertThrows(() => planMemory("flags.tar.gz", lying, 71 * MiB, () => 0), TransientError);
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
