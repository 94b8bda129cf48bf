import { assertEquals } from "@std/assert";
import { fitLine, percentile } from "../../../tools/soak/statistics.ts";

Deno.test("percentile() returns the value below which a share lies, the last one for all, 0 for none", () => {
  const sorted = Array.from({ length: 200 }, (_, i) => i + 1);
  assertEquals([0, 0.5, 0.99, 1].map((share) => percentile(sorted, share)), [1, 101, 199, 200]);
  assertEquals([percentile([7], 0.5), percentile([], 0.5)], [7, 0]);
});

Deno.test("fitLine() finds the slope, and how far points are from the line", () => {
  assertEquals(fitLine([[1, 5], [2, 7], [3, 9]]), { slope: 2, deviation: 0 });
  assertEquals(fitLine([[0, 1], [1, -1], [2, -1], [3, 1]]), { slope: 0, deviation: 1 });
});
