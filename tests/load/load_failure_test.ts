import { assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { ArchiveError } from "../../lib/archive/mod.ts";
import { loadArchive } from "../../lib/load/load_archive.ts";
import { IncompleteError, LoadError } from "../../lib/source/load_error.ts";
import { describeFailure, toError, toTransient } from "../../lib/load/load_failure.ts";
import { TransientError } from "../../lib/source/transient_error.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";

/** An archive of some kilobytes that gzip cannot make small. */
function archiveOf(seed: number): Promise<Uint8Array<ArrayBuffer>> {
  const noise = Array.from({ length: 300 }, (_, i) => Math.sin(seed + i).toString(36)).join("");
  return packArchive({ e1: { flags: { f: constantFlag(noise) } }, e2: {} });
}

async function unpack(archive: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** How loading bytes ends. */
async function kindOf(bytes: Uint8Array): Promise<string> {
  const request = { bytes: bytes.slice().buffer, path: "flags.tar.gz", maxBytes: 1e6, known: new Map() };
  try {
    await Array.fromAsync(loadArchive(request));
    return "loaded";
  } catch (error) {
    return describeFailure(error, request.path, bytes).kind;
  }
}

const gzipped: [string, Uint8Array, Uint8Array] = [".tar.gz", await archiveOf(1), await archiveOf(2)];
const plain: [string, Uint8Array, Uint8Array] = [
  ".tar",
  await unpack(await archiveOf(1)),
  await unpack(await archiveOf(2)),
];

/** `file` after `length` bytes of `archive` were written over it. */
function overwrite(file: Uint8Array, archive: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(file.length, length));
  bytes.set(file);
  bytes.set(archive.subarray(0, length));
  return bytes;
}

for (const [type, archive, former] of [gzipped, plain]) {
  /** How a copy of an archive looks when `length` bytes of it are there. */
  const copies: [how: string, look: (length: number) => Uint8Array][] = [
    ["that grows", (length) => archive.subarray(0, length)],
    ["into a file of zeros", (length) => overwrite(new Uint8Array(archive.length), archive, length)],
    ["over a former archive", (length) => overwrite(former, archive, length)],
  ];

  for (const [how, look] of copies) {
    Deno.test(`loadArchive() never takes part of a copy ${how} for a final fault, of a ${type}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: archive.length }), async (length) => {
          const kind = await kindOf(look(length));
          // What is complete is loaded, also if only padding is missing or nothing has been overwritten yet.
          if (kind !== "loaded") assertEquals(kind, "incomplete", `${length} of ${archive.length} bytes`);
        }),
        { numRuns: 150, seed: 8 },
      );
    });
  }
}

Deno.test("loadArchive() takes what is no archive for a final fault", async () => {
  for (const text of ["<!doctype html>", '{"message":"not found"}', "PK\x03\x04"]) {
    assertEquals(await kindOf(new TextEncoder().encode(text.repeat(200))), "final", text);
  }
});

Deno.test("describeFailure() takes everything but a fault of the archive for transient", () => {
  const errors = [new RangeError("Array buffer allocation failed"), new TypeError("x"), "text", undefined];
  for (const error of errors) {
    assertEquals(describeFailure(error, "flags.tar.gz", new Uint8Array()).kind, "transient");
  }
  const final = new ArchiveError("too-large", "it is too large");
  assertEquals(describeFailure(final, "flags.tar.gz", new Uint8Array(9)).kind, "final");
});

Deno.test("toError() gives the class that says whether it is final", () => {
  const parts = { message: "What happened", hint: "what to do" };
  const classes = { final: LoadError, incomplete: IncompleteError, transient: TransientError } as const;
  for (const kind of ["final", "incomplete", "transient"] as const) {
    const error = toError({ kind, ...parts });
    assertInstanceOf(error, classes[kind]);
    assertEquals([error.name, error.message, error.hint], [classes[kind].name, ...Object.values(parts)]);
  }
});

Deno.test("toTransient() keeps a transient error and wraps any other with its cause", () => {
  const error = new TransientError("What happened", "what to do");
  assertEquals(toTransient(error, "flags.tar.gz") === error, true);
  const cause = new RangeError("Array buffer allocation failed");
  const { message, cause: kept } = toTransient(cause, "flags.tar.gz");
  assertEquals(message, 'Cannot load "flags.tar.gz": Array buffer allocation failed');
  assertEquals(kept, cause);
});
