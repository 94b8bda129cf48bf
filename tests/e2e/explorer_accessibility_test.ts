import { assertEquals } from "@std/assert";
import { DataFile } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { explorerArchive, ExplorerPage, startExplorer } from "./_explorer.ts";

// The browser's, in functions that run in the page.
// deno-lint-ignore no-explicit-any
declare const document: any;

const ZOE = JSON.stringify({ kind: "user", key: "zoe", country: "FR" });

/** Every view, as fragments. */
const VIEWS: string[] = [
  "#/",
  "#/flags/e1",
  "#/item/e1/checkout",
  "#/item/e1/beta-users",
  "#/item/e1/lost",
  "#/item/e1/nothing",
  `#/evaluate/e1?context=${encodeURIComponent(ZOE)}`,
  `#/evaluate/e1?context=${encodeURIComponent(ZOE)}&flag=checkout&want=true`,
  "#/evaluate/e1?segment=beta-users",
  "#/diff/e1?from=current&toEnv=e2",
  "#/diff/e1?from=current&toEnv=e2&by=values",
  "#/sdk/e1",
  "#/sdk/e1?route=browser",
  "#/connections",
  "#/overrides",
];

for (const width of [1_440, 360]) {
  browserTest(`no view has barriers, in light and dark, at ${width} pixels`, async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer);
    const { page } = explorer;
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const fragment of VIEWS) {
        await explorer.view(fragment);
        await explorer.checkAccess();
        assertEquals([fragment, await page.evaluate(() => document.documentElement.scrollWidth)], [
          fragment,
          width,
        ]);
      }
    }
  });
}

browserTest(
  "the Tab key goes through the frame in the order in which it is drawn, however wide",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    await using relay = await startExplorer(file.path);
    const { page } = await ExplorerPage.open(site, relay.explorer, "#/flags/e1");
    await page.getByText("checkout").waitFor();
    for (const width of [360, 700, 1000, 1280, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      const places: [top: number, left: number][] = await page.evaluate(() => {
        const elements = [...document.querySelectorAll("header a, header button, header select")];
        return elements.map((element) => {
          const { top, bottom, left } = element.getBoundingClientRect();
          return [Math.round((top + bottom) / 20), left];
        });
      });
      const drawn = places.toSorted(([top, left], [otherTop, otherLeft]) =>
        top - otherTop || left - otherLeft
      );
      assertEquals([width, places.length, places], [width, 10, drawn]);
    }
  },
);
