/**
 * What 10,000 flags add to the first view of the explorer: the list of an environment in a fresh profile of Debian's Chromium, from the
 * navigation until the first row is painted, by turns with an environment of 10 flags. Who looks at a list again gets the one that the
 * relay has kept.
 *
 * Usage: `deno run -A bench/explorer.ts`
 *
 * @module
 */
import type { Page } from "playwright-core";
import { TERMINAL } from "../lib/cli/terminal.ts";
import { DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { Site } from "../tests/e2e/_browser.ts";
import { startExplorer } from "../tests/e2e/_explorer.ts";
import type { EnvironmentParts } from "../tests/_environments.ts";
import { makeFlags } from "./_flags.ts";
import { printTable } from "./_streams.ts";

// The browser's, in functions that run in the page.
// deno-lint-ignore no-explicit-any
declare const document: any;
declare function requestAnimationFrame(callback: () => void): void;

const ROUNDS = 15;
/** Rest between two looks, for the browser to end the processes of the one before: ms. */
const REST_MS = 300;
/** Flags of an environment, by its ID. */
const FLAGS = { few: 10, many: 10_000 };
/** What is looked at in a round, one after the other. */
const LOOKS = [
  { id: "few", name: "10" },
  { id: "many", name: "10,000" },
  { id: "many", name: "10,000, again" },
];

interface View {
  /** Until the first row is painted: ms since the navigation began. */
  painted: number;
  /** Until the answer with the list is there, since it was asked for: ms. */
  answered: number;
  elements: number;
  /** Objects of JavaScript that are in use: bytes. */
  heap: number;
}

/** Waits until there is a row in a frame, and that is painted. Runs in the page. */
function paint(): Promise<Omit<View, "heap">> {
  return new Promise((resolve) => {
    function look(): void {
      if (!document.querySelector(".row")) return requestAnimationFrame(look);
      const { port1, port2 } = new MessageChannel();
      // Messages come after the frame that is being made.
      port1.onmessage = () => {
        const painted = performance.now();
        const list = performance.getEntriesByType("resource").find(({ name }) => name.includes("/flags/"))!;
        port1.close();
        resolve({ painted, answered: list.duration, elements: document.querySelectorAll("*").length });
      };
      port2.postMessage(undefined);
    }
    requestAnimationFrame(look);
  });
}

async function readHeap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Measures and prints a table. */
export async function benchExplorer(): Promise<void> {
  const environments = Object.entries(FLAGS).map(([id, count]) => [id, makeFlags(count, "mixed")] as const);
  await using file = await DataFile.create(
    await packArchive(Object.fromEntries(environments) as unknown as Record<string, EnvironmentParts>),
  );
  await using relay = await startExplorer(file.path);
  await using site = await Site.start();
  const views = new Map<string, View[]>(LOOKS.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { id, name } of LOOKS) {
      const { page } = await site.open("about:blank");
      await page.goto(`${relay.explorer}#/flags/${id}`, { waitUntil: "commit" });
      const view = { ...await page.evaluate(paint), heap: await readHeap(page) };
      await page.context().close();
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      // The first round warms up.
      if (round > 0) views.get(name)!.push(view);
    }
  }
  const medianOf = (list: View[], name: keyof View) => median(list.map((view) => view[name]));
  const first = medianOf(views.get(LOOKS[0]!.name)!, "painted");
  printTable(
    `first view of the explorer, median of ${ROUNDS}`,
    [...views].map(([name, list]) => ({
      flags: name,
      "painted, ms": medianOf(list, "painted").toFixed(0),
      "of the first": (medianOf(list, "painted") / first).toFixed(2),
      "list answered, ms": medianOf(list, "answered").toFixed(0),
      elements: medianOf(list, "elements"),
      "heap, MB": (medianOf(list, "heap") / 1e6).toFixed(1),
    })),
  );
  TERMINAL.print(`load of the host: ${Deno.loadavg()[0]!.toFixed(1)}\n`);
}

if (import.meta.main) await benchExplorer();
