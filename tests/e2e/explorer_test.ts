import { Buffer } from "node:buffer";
import type { Locator } from "playwright-core";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DataFile } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { explorerArchive, ExplorerPage, HOSTILE, startExplorer } from "./_explorer.ts";

// The browser's, in functions that run in the page.
// deno-lint-ignore no-explicit-any
declare const document: any, getSelection: any;

const ZOE = JSON.stringify({ kind: "user", key: "zoe", country: "FR" });

browserTest(
  "a person finds a flag by keyboard alone, reads its rules and follows what it depends on",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer);
    const { page } = explorer;
    await explorer.settle();
    const strip = page.getByRole("region", { name: "Provenance" });
    assertStringIncludes(await strip.innerText(), "flags.tar.gz");
    // As at an address without TLS, where there is no clipboard: what is to be copied is selected.
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await strip.getByRole("button", { name: "Copy SHA-256" }).press("Enter");
    assertMatch(await page.evaluate(() => String(getSelection())), /^[\da-f]{64}$/);
    await page.getByRole("link", { name: "Plant Production" }).click();
    await page.getByRole("listitem").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("out");
    await page.getByText("1 of 5 items").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "checkout", level: 1 }).waitFor();
    await page.getByText("IF user.country is one of").waitFor();
    const needed = page.getByRole("region", { name: "Depends on" });
    assertEquals(await needed.getByRole("link").allInnerTexts(), ["flag\npayments", "segment\nbeta-users"]);
    await needed.getByRole("link", { name: "payments" }).press("Enter");
    await page.getByRole("heading", { name: "payments", level: 1 }).waitFor();
    await page.getByRole("region", { name: "Needed by" }).getByRole("link", { name: "checkout" }).waitFor();
    await page.goBack();
    await page.goBack();
    assertEquals(await page.getByRole("searchbox").inputValue(), "out");

    const environment = page.getByRole("banner").getByLabel("Environment");
    await environment.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByText("of Plant Staging").waitFor();
    await page.keyboard.press("ArrowUp");
    await page.getByText("of Plant Production").waitFor();

    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("next and previous row").waitFor();
    await page.getByLabel("Single keys are on").press("Space");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("?");
    assertEquals(await page.getByRole("dialog").count(), 0);
    explorer.checkQuiet();
  },
);

browserTest(
  "a person evaluates all flags for a context, sees why one has its value, and what gives another",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer, "#/evaluate/e1");
    const { page } = explorer;
    await page.getByLabel("Key", { exact: true }).fill("zoe");
    await page.getByRole("button", { name: "Add an attribute" }).click();
    await page.getByLabel("Attribute", { exact: true }).fill("count");
    // The page is rendered anew when it has asked what is served.
    const answered = page.waitForResponse((response) => response.url().endsWith("/environments"));
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
    await (await answered).finished();
    await page.keyboard.press("End");
    await page.keyboard.type("ry");
    await page.getByLabel("Attribute", { exact: true }).press("Tab");
    await page.getByLabel("Value of country").pressSequentially("2.0.1");
    assertEquals(await page.getByLabel("Value of country").inputValue(), "2.0.1");
    await page.getByLabel("Value of country").fill("DE");
    const checkout = page.getByRole("listitem").filter({ hasText: "checkout" });
    await checkout.filter({ hasText: "rule 2 matches" }).waitFor();
    await page.getByLabel("Value of country").fill("FR");
    await checkout.filter({ hasText: "no rule matches" }).getByRole("link").press("Enter");
    await page.waitForFunction(() => document.activeElement?.matches("h2"));
    const tree = page.getByRole("region", { name: "Steps" });
    await tree.getByText('actual "FR"').waitFor();
    assertEquals(
      await tree.getByRole("listitem").filter({ hasText: 'rule 1 "beta"' }).getByText("beta-users").count(),
      2,
    );
    await page.getByLabel("Why not").selectOption({ label: "true" });
    await page.getByText('To get true: user.key = "cleo"').or(
      page.getByText('To get true: user.country = "DE"'),
    ).waitFor();

    // A name that another attribute has would take its place.
    await page.getByRole("button", { name: "Add an attribute" }).click();
    const added = page.getByLabel("Attribute", { exact: true }).last();
    await added.fill("country");
    await added.press("Tab");
    assertEquals(await added.inputValue(), "attribute");
    await page.getByRole("button", { name: "Remove attribute" }).click();

    await page.getByRole("button", { name: "Add a kind" }).click();
    const device = page.getByRole("group", { name: "Kind device" });
    await device.getByLabel("Key", { exact: true }).fill("phone");
    await page.getByRole("button", { name: "Add a kind" }).click();
    await page.getByRole("button", { name: "Remove kind device2" }).click();
    await page.getByLabel("JSON", { exact: true }).check();
    assertEquals(JSON.parse(await page.getByRole("textbox").inputValue()), {
      kind: "multi",
      user: { key: "zoe", country: "FR" },
      device: { key: "phone" },
    });
    await page.getByRole("textbox").fill(btoa('{"kind":"user","key":"cleo"}'));
    await page.getByText('because rule 1 "beta" matches').waitFor();
    await page.getByRole("textbox").fill('{"kind":');
    await page.getByRole("alert").waitFor();
    await page.getByText("The context is not complete yet.").waitFor();
    await explorer.view("#/flags/e1");
    await explorer.view(`#/evaluate/e1?context=${encodeURIComponent(ZOE.slice(0, -1))}`);
    await page.getByRole("textbox").press("Control+End");
    await page.keyboard.type("} ");
    await page.getByText("3 flags").waitFor();
    assertEquals(await page.getByRole("textbox").inputValue(), `${ZOE} `);
    await page.getByLabel("Recent").selectOption({ label: btoa('{"kind":"user","key":"cleo"}') });
    await page.getByRole("listitem").filter({ hasText: 'rule 1 "beta" matches' }).waitFor();
    explorer.checkQuiet();
  },
);

browserTest(
  "a person compares archives, environments and contexts, and sees a reload as it happens",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive(1));
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer, "#/diff/e1");
    const { page } = explorer;
    await page.getByText("Since the start nothing else was served").waitFor();
    await page.getByText("Both serve the same.").waitFor();
    await file.replace(await explorerArchive(2));
    await page.getByText("turned off").waitFor();
    await page.getByText("v1 → v2").waitFor();

    await page.getByLabel("Data").first().selectOption("current");
    await page.getByText("Both serve the same.").waitFor();
    await page.getByLabel("Environment").last().selectOption("e2");
    await page.getByText("v118 → v119").waitFor();
    await page.getByLabel("Compare").selectOption("values");
    await page.getByText("2 flags with another value").waitFor();
    await page.getByLabel("Environment").last().selectOption("e1");
    await page.getByText("Both serve the same values.").waitFor();
    await page.getByRole("group", { name: "To" }).getByLabel("Key", { exact: true }).fill("cleo");
    await page.getByText("Both serve the same values.").waitFor();

    await page.getByLabel("Compare").selectOption("rules");
    await page.getByLabel("Environment").last().selectOption("e2");
    await page.getByLabel("Data").first().selectOption("previous");
    const lines = ["cleo", "ann", "bob"].map((key) => JSON.stringify({ kind: "user", key })).join("\n");
    const sample = { name: "contexts.jsonl", mimeType: "application/jsonl", buffer: Buffer.from(lines) };
    await page.getByLabel("contexts of a sample").setInputFiles(sample);
    const shares = page.getByRole("region", { name: "Shares" });
    await shares.getByRole("row").filter({ hasText: "checkout" }).filter({ hasText: "1 of 3" })
      .filter({ hasText: "33.3%" }).waitFor();
    await page.getByRole("group", { name: "From" }).getByLabel("Environment").selectOption("e2");
    await page.getByText("No context of the sample gets another value.").waitFor();
    await page.getByLabel("contexts of a sample").setInputFiles({ ...sample, buffer: Buffer.from("ann") });
    await page.getByText("line 1 is not a context").waitFor();
    assertEquals(await page.getByLabel("contexts of a sample").inputValue(), "");
    await page.getByText("No context of the sample gets another value.").waitFor({ state: "detached" });

    await explorer.view("#/diff/e1");
    await file.replace(await explorerArchive(3));
    const [from, to] = ["From", "To"].map((name) => page.getByRole("group", { name })) as [Locator, Locator];
    await to.getByText("Plant Staging").waitFor({ state: "detached" });
    await from.getByLabel("Environment").selectOption("e2");
    await page.getByText("3 flags and 2 segments differ").waitFor();
    await from.getByLabel("Data").selectOption("current");
    await page.getByText("added: 3 flags and 2 segments").waitFor();
    assertEquals(await from.locator("option:checked").allInnerTexts(), [
      "what is served now",
      "e2 (not there)",
    ]);
    explorer.checkQuiet();
  },
);

browserTest("the page says that Halyard cannot be reached, and no longer once it can", async (site) => {
  await using file = await DataFile.create(await explorerArchive());
  await using relay = await startExplorer(file.path);
  const { page } = await ExplorerPage.open(site, relay.explorer, "#/flags/e1");
  await page.getByText("5 items").waitFor();
  const [polls, problem] = ["**/api/environments", page.getByText("Halyard cannot be reached")];
  // As of a host that is gone, no answer ever comes.
  await page.route(polls, () => {});
  await problem.waitFor();
  await page.unroute(polls);
  await problem.waitFor({ state: "detached" });
});

browserTest("hostile names are text in every view", async (site) => {
  await using file = await DataFile.create(await explorerArchive());
  await using relay = await startExplorer(file.path);
  const explorer = await ExplorerPage.open(site, relay.explorer);
  const { page } = explorer;
  await explorer.settle();
  const titles = [
    ...["#/", "#/flags/e3", "#/evaluate/e3", "#/diff/e3?from=current&toEnv=e1", "#/sdk/e3"],
    ...HOSTILE.flatMap((name) => {
      const key = encodeURIComponent(name);
      return [`#/item/e3/${key}`, `#/evaluate/e3?flag=${key}`];
    }),
  ];
  for (const width of [1_440, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const fragment of titles) {
      await explorer.view(fragment);
      const seen = await page.evaluate(() => ({
        title: document.title.endsWith("Halyard explorer"),
        images: document.querySelectorAll("img, iframe, main script").length,
        turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
        wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
        alerts: document.querySelectorAll("[role=alert]").length,
      }));
      const at = fragment.slice(0, 80);
      assertEquals([at, seen], [at, { title: true, images: 0, turned: false, wide: false, alerts: 0 }]);
    }
  }
  explorer.checkQuiet();
});

browserTest("with a token the page is behind a form, and where it was once that is sent", async (site) => {
  await using file = await DataFile.create(await explorerArchive());
  await using relay = await startExplorer(file.path, { ADMIN_TOKEN: "correct-horse-battery-staple" });
  const explorer = await ExplorerPage.open(site, relay.explorer, "#/flags/e1");
  const { page } = explorer;
  await explorer.checkAccess();
  await page.getByLabel("Token").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Token").fill("correct-horse-battery-staple");
  await page.keyboard.press("Enter");
  await page.getByText("5 items").waitFor();
  await explorer.view("#/flags/e2");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Log in again" }).click();
  await page.getByLabel("Token").fill("correct-horse-battery-staple");
  await page.keyboard.press("Enter");
  await page.getByText("2 items").waitFor();
});

browserTest(
  "overrides stand in their view and at what they override, and a refused archive turns the strip red",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive());
    const overrides = file.path.replace("flags.tar.gz", "overrides.json");
    const [until, soon] = [3_600_000, 10_000].map((time) => new Date(Date.now() + time).toISOString());
    const payments = { version: 2, on: false, variations: [true, false], offVariation: 1, salt: "s" };
    await Deno.writeTextFile(
      overrides,
      JSON.stringify({
        environments: { e1: { until, flags: { payments } }, e2: { until: soon, flags: { payments } } },
      }),
    );
    await using relay = await startExplorer(file.path, { OVERRIDES_FILE: overrides });
    const explorer = await ExplorerPage.open(site, relay.explorer, "#/flags/e2?state=overridden");
    const { page } = explorer;
    await page.getByText("1 of 2 items").waitFor();
    await page.getByText("0 of 2 items").waitFor();
    await explorer.view("#/overrides");
    await page.getByText("in effect", { exact: true }).waitFor();
    await page.getByText("over", { exact: true }).waitFor();
    await page.getByText("in 59 minutes").waitFor();
    await explorer.checkAccess();
    await page.getByRole("link", { name: "payments" }).first().click();
    await page.getByText("overridden").waitFor();
    await explorer.view("#/flags/e1?state=overridden");
    await page.getByText("1 of 5 items").waitFor();

    const strip = page.getByRole("region", { name: "Provenance" });
    assertEquals(await strip.getAttribute("class"), "provenance");
    await Deno.writeTextFile(file.path, "no archive");
    await strip.getByText("A newer archive was refused: ").waitFor();
    assertEquals(await strip.getAttribute("class"), "provenance bad");
    await explorer.checkAccess();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await explorer.checkAccess();
    explorer.checkQuiet();
  },
);
