import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as fc from "fast-check";
import { concat, joinEnds, type Parts, PIECE_BYTES, Pieces } from "../../lib/wire/mod.ts";

const seed = Number(Deno.env.get("MODEL_SEED") ?? Date.now() % 2 ** 31);

/** Lengths about which something changes, and others. */
const length = fc.oneof(
  fc.constantFrom(0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES),
  fc.nat(3 * PIECE_BYTES),
  fc.nat(100),
);

/** Parts of one buffer, as an environment's are, in which no two bytes near each other are the same. */
function cut(lengths: number[]): Parts {
  const whole = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0)).map((_, i) =>
    i * 7 + i / 251
  );
  let start = 0;
  return lengths.map((length) => whole.subarray(start, start += length));
}

function takeAll(pieces: Pieces): Uint8Array<ArrayBuffer>[] {
  const taken: Uint8Array<ArrayBuffer>[] = [];
  while (!pieces.isEmpty) taken.push(pieces.take()!);
  return taken;
}

Deno.test(`Pieces gives any parts whole and in order, in as few pieces as can be (seed ${seed})`, () => {
  const parts = fc.array(length, { maxLength: 12 }).map(cut);
  fc.assert(
    fc.property(parts, (parts) => {
      const whole = concat([...parts]);
      for (const form of [parts, joinEnds(parts)]) {
        const pieces = new Pieces(form);
        const taken = takeAll(pieces);
        assertEquals(pieces.take(), undefined);
        assertEquals(taken.length, Math.ceil(whole.length / PIECE_BYTES));
        assert(taken.slice(0, -1).every(({ length }) => length === PIECE_BYTES));
        assert(indexedEquals(concat(taken), whole));
      }
    }),
    { seed, numRuns: 200 },
  );
});

/** `assertEquals` would take minutes. */
function indexedEquals(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("Pieces copies only where parts end, and nothing after joinEnds()", () => {
  const parts = cut([30, 5 * PIECE_BYTES, 3]);
  const { buffer } = parts[1]!;
  const copied = (pieces: Uint8Array[]) => pieces.map((piece) => piece.buffer !== buffer);
  assertEquals(copied(takeAll(new Pieces(parts))), [true, false, false, false, false, true]);
  const joined = joinEnds(parts);
  const [first] = joined;
  assertEquals(joined.length, 3);
  assertStrictEquals(new Pieces(joined).take()!.buffer, first!.buffer);
  assertStrictEquals(new Pieces(joined).take()!.buffer, first!.buffer);
});

Deno.test("joinEnds() leaves alone what is one part, or so many that it would be a second copy", () => {
  for (const parts of [cut([5]), cut(Array(9).fill(10_000))]) assertStrictEquals(joinEnds(parts), parts);
  assertEquals(joinEnds(cut(Array(9).fill(1))).length, 1);
});
