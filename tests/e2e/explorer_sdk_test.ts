import { assertEquals } from "@std/assert";
import { DataFile } from "./_archive.ts";
import { browserTest } from "./_browser.ts";
import { explorerArchive, ExplorerPage, startExplorer } from "./_explorer.ts";

browserTest(
  "the SDK view has the bytes that each route gives, a command that gets them, and the stream as it goes",
  async (site) => {
    await using file = await DataFile.create(await explorerArchive(1));
    await using relay = await startExplorer(file.path);
    const explorer = await ExplorerPage.open(site, relay.explorer, "#/sdk/e1");
    const { page } = explorer;
    const [once, stream] = ["Once", "Stream"].map((name) => page.getByRole("region", { name, exact: true }));
    const bytes = once!.getByRole("region", { name: "Bytes of the answer" });
    await bytes.waitFor();
    const routes = await page.getByLabel("Route").locator("option").all();
    const names = await Promise.all(routes.map((route) => route.getAttribute("value")));
    assertEquals(names.length, 8);
    for (const name of names) {
      await page.getByLabel("Route").selectOption(name);
      await page.waitForFunction((name) => location.hash.includes(`route=${name}`), name);
      await explorer.settle();
      await stream!.getByRole("listitem").first().waitFor();
      const command = await once!.getByRole("region", { name: "Command that asks once" }).innerText();
      assertEquals([name, await bytes.textContent()], [name, await runCurl(command, relay.url)]);
    }

    await page.getByLabel("Route").selectOption("all");
    await stream!.getByRole("listitem").filter({ hasText: "put" }).waitFor();
    await file.replace(await explorerArchive(2));
    await stream!.getByRole("listitem").filter({ hasText: "patch" }).filter({ hasText: "/flags/payments" })
      .waitFor();
    explorer.checkQuiet();
  },
);

browserTest("the connections have SDKs by name and version", async (site) => {
  await using file = await DataFile.create(await explorerArchive());
  await using relay = await startExplorer(file.path);
  const headers = { authorization: "sdk-e1", "user-agent": "NodeJSClient/9.1.2" };
  await (await fetch(`${relay.url}/sdk/latest-all`, { headers })).text();
  const explorer = await ExplorerPage.open(site, relay.explorer, "#/connections");
  await explorer.page.getByRole("row").filter({ hasText: "NodeJSClient" }).filter({ hasText: "9.1.2" })
    .waitFor();
  explorer.checkQuiet();
});

/** Does what a command for curl says, as a shell reads it. */
async function runCurl(command: string, halyard: string): Promise<string> {
  const script = `curl() { printf '%s\\0' "$@"; }; ${command}`;
  const env = { HALYARD: halyard, SDK_KEY: "sdk-e1", MOBILE_KEY: "mob-e1" };
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], env }).output();
  const args = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
  const url = args.pop()!;
  const headers = new Headers();
  const init: RequestInit = { headers };
  for (const [i, arg] of args.entries()) {
    if (arg === "--header") headers.append(...args[i + 1]!.split(": ") as [string, string]);
    if (arg === "--request") init.method = args[i + 1]!;
    if (arg === "--data") init.body = args[i + 1]!;
  }
  return await (await fetch(url, init)).text();
}
