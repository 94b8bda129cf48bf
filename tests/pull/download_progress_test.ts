import { assertEquals } from "@std/assert";
import { DownloadProgress, formatProgress } from "../../lib/cli/_download_progress.ts";
import { makeTerminal } from "../cli/_terminal.ts";

const MiB = 1_048_576;

Deno.test("formatProgress() shows share, sizes and rate, as far as they are known", () => {
  assertEquals(
    formatProgress({ length: 3 * MiB, total: 12 * MiB }, 2_000),
    " 25% [#####...............] 3.0 MiB of 12.0 MiB  1.5 MiB/s",
  );
  assertEquals(
    formatProgress({ length: MiB, total: MiB }, 1),
    "100% [####################] 1.0 MiB of 1.0 MiB  1000.0 MiB/s",
  );
  assertEquals(formatProgress({ length: 3 * MiB }, 1_000), "3.0 MiB  3.0 MiB/s");
  assertEquals(formatProgress({ length: 2_048 }, 2_000), "2.0 KiB  1.0 KiB/s");
  assertEquals(formatProgress({ length: 9, total: 3 }, 0).slice(0, 5), "100% ");
});

Deno.test("DownloadProgress redraws one line on a terminal, and clears it", async () => {
  const terminal = Object.assign(makeTerminal(), { errorColumns: 20 });
  let time = 0;
  const progress = new DownloadProgress(terminal, () => time);
  for (time of [0, 50, 100, 150, 250]) progress.show({ length: time * MiB, total: 1_000 * MiB });
  await progress.clear();
  const lines = terminal.errors.split("\r\x1b[K");
  assertEquals(lines, ["", " 10% [##...........", " 25% [#####........", ""]);
});

Deno.test("DownloadProgress prints a line every five seconds where there is no terminal, and none for a short one", async () => {
  const terminal = makeTerminal();
  let time = 0;
  const progress = new DownloadProgress(terminal, () => time);
  for (time of [0, 4_000, 5_000, 7_000, 11_000]) progress.show({ length: time / 1_000 * MiB });
  await progress.clear();
  time = 100_000;
  progress.show({ length: 1 });
  assertEquals(terminal.errors, "5.0 MiB  1.0 MiB/s\n11.0 MiB  1.0 MiB/s\n");
});
