import { assert, assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { compress } from "../../lib/wire/compress.ts";

for (const length of [0, 1, 65_536, 65_537, 3_000_000]) {
  Deno.test(`compress() gives gzip of ${length} bytes, and pauses between pieces`, async () => {
    const bytes = new TextEncoder().encode("0123456789abcdef\n".repeat(length / 17 + 1)).subarray(0, length);
    for (const level of [undefined, 1]) {
      let pauses = 0;
      const compressed = await compress([bytes], () => void pauses++, level);
      assertEquals(new Uint8Array(gunzipSync(compressed)), bytes);
      assert(length <= 65_536 ? pauses === 0 : pauses === Math.ceil(length / 65_536), `${pauses} pauses`);
    }
  });
}
