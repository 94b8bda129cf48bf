import type { PreparedSnapshot } from "./prepared.ts";

/**
 * Copies the buffers of a snapshot into shared memory: each thread makes a snapshot of the same ones.
 *
 * @param prepared The buffers.
 * @returns The same in shared memory.
 */
export function share(prepared: PreparedSnapshot): PreparedSnapshot {
  const { gzips } = prepared;
  return {
    ...prepared,
    buffer: shareBuffer(prepared.buffer, prepared.length),
    offsets: shareBuffer(prepared.offsets),
    versions: shareBuffer(prepared.versions),
    isOn: shareBuffer(prepared.isOn),
    digests: shareBuffer(prepared.digests),
    referenceEnds: shareBuffer(prepared.referenceEnds),
    references: shareBuffer(prepared.references),
    ...gzips && {
      gzips: {
        ...gzips.all && { all: shareBuffer(gzips.all) },
        ...gzips.flags && { flags: shareBuffer(gzips.flags) },
      },
    },
  };
}

/** Shared memory is typed as what it looks like: all who get views of it only read, and copy what may not be shared. */
function shareBuffer(buffer: ArrayBuffer, length = buffer.byteLength): ArrayBuffer {
  const shared = new SharedArrayBuffer(length);
  new Uint8Array(shared).set(new Uint8Array(buffer, 0, length));
  return shared as unknown as ArrayBuffer;
}
