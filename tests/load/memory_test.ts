import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { findMemoryLimit, isWithinMemory, planMemory } from "../../lib/load/memory.ts";
import { TransientError } from "../../lib/source/mod.ts";

const MiB = 1_048_576;

/** An archive, as far as its length counts, that unpacks to so many bytes; at a ratio that is allowed. */
function packed(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += MiB) crypto.getRandomValues(bytes.subarray(i, i + MiB / 64));
  return new Uint8Array(gzipSync(bytes));
}

Deno.test("planMemory() leaves to the thread's heap what remains beside what is used, the contents and its own base", () => {
  const archive = packed(20 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, 190 * MiB, { getUsed: () => 100 * MiB }), 16 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, 300 * MiB, { getUsed: () => 100 * MiB }), 126 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, Infinity), Infinity);
  planMemory("flags.tar", new Uint8Array(MiB), 13 * MiB, { getUsed: () => 0 });
});

Deno.test("planMemory() refuses more with a transient error that names both numbers and the setting", () => {
  for (
    const [bytes, limit] of [
      [packed(20 * MiB), 190 * MiB - 1],
      [new Uint8Array(20 * MiB), 190 * MiB - 1],
    ] as const
  ) {
    const error = assertThrows(
      () => planMemory("flags.tar.gz", bytes, limit, { getUsed: () => 100 * MiB }),
      TransientError,
      'Cannot load "flags.tar.gz": it takes about 192 MiB of memory, the limit is 189 MiB',
    );
    assertMatch(error.hint, /MEMORY_LIMIT/);
  }
});

Deno.test("planMemory() has released what can be done without before it refuses an archive, and only then", () => {
  const archive = packed(20 * MiB);
  let used = 150 * MiB;
  function release(): void {
    used = 100 * MiB;
  }
  const options = { getUsed: () => used, release };
  planMemory("flags.tar.gz", archive, 240 * MiB, options);
  assertEquals(used, 150 * MiB);
  assertEquals(planMemory("flags.tar.gz", archive, 190 * MiB, options), 16 * MiB);
  assertEquals(used, 100 * MiB);
});

Deno.test("isWithinMemory() looks again once garbage is collected, and asks for 3.5 times the data", () => {
  const uses = [100 * MiB, 50 * MiB];
  assertEquals(isWithinMemory(85 * MiB, 10 * MiB, () => uses.shift()!), true);
  assertEquals(uses, []);
  assertEquals(isWithinMemory(135 * MiB, 10 * MiB, () => 100 * MiB), true);
  assertEquals(isWithinMemory(135 * MiB - 1, 10 * MiB, () => 100 * MiB), false);
  assertEquals(isWithinMemory(100 * MiB, 0, () => 100 * MiB), true);
  assertEquals(isWithinMemory(Infinity), true);
});

Deno.test("planMemory() takes no trailer at its word that says less than the file has", () => {
  const lying = new Uint8Array(20 * MiB);
  lying.set([0x1f, 0x8b]);
  assertThrows(() => planMemory("flags.tar.gz", lying, 89 * MiB, { getUsed: () => 0 }), TransientError);
});

Deno.test("planMemory() finds the length before padding, whatever the length's own bytes are", () => {
  for (const length of [MiB, 10 * MiB - 1, 10 * MiB, 16 * MiB, 20 * MiB]) {
    const bytes = packed(length);
    const needed = 2.5 * length + Math.min(8 * MiB + 2.5 * length, 40 * MiB);
    for (const padding of [[], [10], [0, 0, 0, 0], new Uint8Array(511)]) {
      const padded = Uint8Array.from([...bytes, ...padding]);
      planMemory("flags.tar.gz", padded, needed, { getUsed: () => 0 });
      assertThrows(
        () => planMemory("flags.tar.gz", padded, needed - 1, { getUsed: () => 0 }),
        TransientError,
      );
    }
  }
});

Deno.test("planMemory() leaves room for what further serving threads compile", () => {
  const archive = packed(20 * MiB);
  const options = { getUsed: () => 100 * MiB, evaluatedBytes: 20 * MiB };
  assertEquals(planMemory("flags.tar.gz", archive, 300 * MiB, options), 56 * MiB);
  assertThrows(() => planMemory("flags.tar.gz", archive, 190 * MiB, options), TransientError);
});

Deno.test("planMemory() leaves a trailer that says what cannot be to the reader, which refuses it for good", () => {
  const lying = packed(MiB).fill(0xff, -4);
  planMemory("flags.tar.gz", lying, 100 * MiB, { getUsed: () => 0 });
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
