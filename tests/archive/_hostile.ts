import { assertEquals, assertThrows } from "@std/assert";
import { ArchiveError, type ArchiveReason } from "../../lib/archive/mod.ts";
import { listFiles } from "../../lib/archive/_guard.ts";

/** A tar that no honest tool writes, and what must be said about it after "Cannot read archive: ". */
export type Hostile = [what: string, tar: Uint8Array, reason: ArchiveReason, problem: string];

/** Makes a test of each row. */
export function testRefusals(rows: Hostile[]): void {
  for (const [what, bytes, reason, problem] of rows) {
    Deno.test(`listFiles() refuses ${what}`, () => {
      const error = assertThrows(() => listFiles(bytes), ArchiveError);
      assertEquals([error.reason, error.message], [reason, `Cannot read archive: ${problem}`]);
    });
  }
}
