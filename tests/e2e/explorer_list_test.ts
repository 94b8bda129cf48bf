import { assert, assertEquals } from "@std/assert";
import { DataFile } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { explorerArchive, ExplorerPage, startExplorer } from "./_explorer.ts";

// The browser's, in functions that run in the page.
// deno-lint-ignore no-explicit-any
declare const document: any;

browserTest("10,000 flags are a few rows at a time, and each can be reached", async (site) => {
  await using file = await DataFile.create(await explorerArchive());
  await using relay = await startExplorer(file.path);
  const explorer = await ExplorerPage.open(site, relay.explorer, "#/flags/big");
  const { page } = explorer;
  const rows = page.getByRole("listitem");
  await rows.first().waitFor();
  assert(await rows.count() < 60);
  await page.keyboard.press("j");
  for (let i = 0; i < 100; i++) await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("flag-00100"));
  const answered = page.waitForResponse((response) => response.url().endsWith("/flags/big"));
  await file.replace(await explorerArchive(2));
  await answered;
  await explorer.settle();
  await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("flag-00101"));
  assert(
    await page.evaluate(() => {
      const { top, bottom } = document.activeElement!.getBoundingClientRect();
      return top >= 0 && bottom <= document.documentElement.clientHeight;
    }),
  );
  for (let i = 0; i < 20; i++) await page.keyboard.press("Shift+Tab");
  assert(
    await page.evaluate(() => {
      const [filters, row] = [document.querySelector(".filters"), document.activeElement];
      return row.getBoundingClientRect().top >= filters.getBoundingClientRect().bottom;
    }),
  );
  await page.evaluate(() => document.scrollingElement.scrollTop = document.body.scrollHeight);
  await page.getByText("flag-09999").waitFor();
  assert(await rows.count() < 60);
  assertEquals(await rows.last().getAttribute("aria-posinset"), "10000");
  explorer.checkQuiet();
});

browserTest(
  "who goes back to a list finds it where it was left, with the focus on the same row",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer, "#/flags/big?q=9");
    const { page } = explorer;
    await page.getByText("flag-00009").waitFor();
    await page.evaluate(() => document.scrollingElement.scrollTop = 20_000);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const left: { scrolled: number; flag: string } = await page.evaluate(lookAround);
    assert(left.scrolled > 19_000);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: left.flag, level: 1 }).waitFor();
    assertEquals(await page.evaluate(() => document.scrollingElement.scrollTop), 0);
    await page.goBack();
    await page.waitForFunction((flag) => document.activeElement?.textContent?.includes(flag), left.flag);
    assertEquals(await page.evaluate(lookAround), left);
    await page.getByRole("navigation").getByRole("link", { name: "Flags" }).click();
    await page.getByText("10,000 items").waitFor();
    assertEquals((await page.evaluate(lookAround)).scrolled, 0);
    explorer.checkQuiet();

    function lookAround() {
      const { activeElement, scrollingElement } = document;
      return {
        scrolled: scrollingElement.scrollTop,
        flag: activeElement.querySelector(".name")?.textContent,
      };
    }
  },
);
