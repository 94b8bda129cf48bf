import { assert, assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { DEFAULT_SETTINGS } from "../../lib/config/mod.ts";
import { startRelay } from "../../lib/relay.ts";
import { makeLog } from "../_environments.ts";
import { TOKEN } from "../routes/explorer/_test_explorer.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";

/** Where Debian's package puts the browser. */
const CHROMIUM = "/usr/bin/chromium";

const ignore = await Deno.stat(CHROMIUM).then(() => false, () => true);

/** Names of the relay's own host, as the browser sees it: plain HTTP of another host, which gets no `Sec-Fetch-Site`. */
const [HOST, OTHER] = ["halyard.example", "evil.example"];

Deno.test(
  "a browser opens the explorer by its form, also at a name of another host, and no other page does",
  {
    ignore,
  },
  async () => {
    await using file = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(1) } } }));
    await using relay = await startRelay({
      ...DEFAULT_SETTINGS,
      port: 0,
      bindAddress: "127.0.0.1",
      fileDataSource: file.path,
      admin: { port: 0, bindAddress: "127.0.0.1", explorer: { token: TOKEN, hosts: [HOST] } },
    }, { log: makeLog() });
    const { port } = relay.adminAddress!;
    await using browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", `--host-resolver-rules=MAP *.example 127.0.0.1`],
    });
    for (const host of [HOST, "localhost"]) {
      const url = `http://${host}:${port}/explorer`;
      await using context = await browser.newContext();
      const page = await context.newPage();
      assertEquals((await page.goto(url))?.status(), 401);
      await page.getByLabel("Token").fill("not-the-token-at-all");
      await page.getByRole("button", { name: "Open" }).click();
      assertEquals(await page.getByRole("alert").textContent(), "This is not the token of the explorer.");
      await page.getByLabel("Token").fill(TOKEN);
      const [opened] = await Promise.all([
        page.waitForResponse((response) => response.url() === url && response.request().method() === "GET"),
        page.getByRole("button", { name: "Open" }).click(),
      ]);
      assert(opened.status() !== 401);
      const cookies = await context.cookies();
      assertEquals(
        cookies.map(({ name, path, httpOnly, sameSite }) => [name, path, httpOnly, sameSite]),
        [["halyard_explorer", "/explorer", true, "Strict"]],
      );
      const api = await page.goto(`${url}/api/environments`);
      assertEquals([api!.status(), (await api!.json()).environments.length], [200, 1]);

      // A page of another name gets no answer, and cannot send a form either.
      const other = await context.newPage();
      assertEquals((await other.goto(`http://${OTHER}:${port}/explorer`))?.status(), 403);
      await other.goto(`http://${OTHER}:${port}/`);
      const [posted] = await Promise.all([
        other.waitForResponse((response) => response.url() === url),
        other.setContent(`<form method="post" action="${url}"><input name="token" value="${TOKEN}"></form>`)
          .then(() => other.evaluate("document.forms[0].submit()")),
      ]);
      assertEquals(posted.status(), 403);
    }
  },
);
