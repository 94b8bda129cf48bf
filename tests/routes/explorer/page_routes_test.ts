import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageRoutes } from "../../../lib/routes/explorer/page_routes.ts";
import { TestExplorer, TOKEN } from "./_test_explorer.ts";

const PATHS = pageRoutes().map(({ path }) => path).filter((path) => path !== "/explorer/");

/** The text of a file of the page. */
async function read(explorer: TestExplorer, path: string): Promise<string> {
  const response = await explorer.fetch(path);
  assertEquals([path, response.status], [path, 200]);
  return await response.text();
}

Deno.test("GET /explorer and its files have a strong entity tag each, and are 304 for who has them", async () => {
  const explorer = new TestExplorer();
  const tags = new Set<string>();
  for (const path of PATHS) {
    const first = await explorer.fetch(path);
    const text = await first.text();
    const etag = first.headers.get("etag")!;
    assertMatch(etag, /^"[\w-]{27}"$/);
    assertEquals([first.status, first.headers.get("cache-control")], [200, "no-cache"]);
    assertMatch(first.headers.get("content-type")!, /^(text|image)\/[\w+]+; charset=utf-8$/);
    assert(text.length > 100, path);
    tags.add(etag);

    const again = await explorer.fetch(path, { headers: { "if-none-match": etag } });
    assertEquals([again.status, await again.text(), again.headers.get("etag")], [304, "", etag]);
    const changed = await explorer.fetch(path, { headers: { "if-none-match": '"other"' } });
    assertEquals([changed.status, await changed.text()], [200, text]);
    const head = await explorer.fetch(path, { method: "HEAD" });
    assertEquals([head.status, await head.text(), head.headers.get("etag")], [200, "", etag]);
    const length = new TextEncoder().encode(text).length;
    assertEquals(Number(head.headers.get("content-length")), length, path);
  }
  assertEquals(tags.size, PATHS.length);
});

Deno.test("the page's policy allows its own origin alone", async () => {
  const { headers } = await new TestExplorer().fetch("/explorer");
  assertEquals(
    headers.get("content-security-policy"),
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
      "base-uri 'none'; frame-ancestors 'none'",
  );
});

Deno.test("GET /explorer/ leads to /explorer, where the addresses in the page are right", async () => {
  const response = await new TestExplorer().fetch("/explorer/");
  const location = new URL(response.headers.get("location")!, "http://localhost/explorer/");
  assertEquals([response.status, location.pathname], [301, "/explorer"]);
});

Deno.test("no file of the page is answered without a session", async () => {
  const explorer = new TestExplorer({ token: TOKEN });
  for (const path of [...PATHS, "/explorer/"]) {
    const response = await explorer.fetch(path);
    await response.body?.cancel();
    assertEquals([path, response.status], [path, 401]);
  }
});

/** The paths of what a script imports, at once or later. */
function listImports(path: string, text: string): string[] {
  const specifiers = text.matchAll(/^(?:(?:im|ex)port .*|\}) from "([^"]*)"|\bimport\("([^"]*)"\)/gm);
  return [...specifiers].map(([, now, later]) => {
    const specifier = now ?? later!;
    assert(specifier.startsWith("."), `${path} imports ${specifier}`);
    return new URL(specifier, `http://localhost${path}`).pathname;
  });
}

Deno.test("the page loads what is served and nothing else, and has no script or style of its own", async () => {
  const explorer = new TestExplorer();
  const page = await read(explorer, "/explorer");
  const loaded = new Set([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => `/${path}`));
  for (const path of loaded) {
    if (!path.endsWith(".js")) continue;
    for (const imported of listImports(path, await read(explorer, path))) loaded.add(imported);
  }
  const served = [...PATHS.filter((path) => path !== "/explorer"), "/explorer/api/environments"];
  assertEquals([...loaded].toSorted(), served.toSorted());
  assertEquals([...page.matchAll(/<script(?![^>]* src=)|<style| style=| on\w+=/g)], []);
});

Deno.test("scripts of the page never parse text as HTML or code", async () => {
  const explorer = new TestExplorer();
  for (const path of PATHS.filter((path) => path.endsWith(".js"))) {
    const text = await read(explorer, path);
    if (path.includes("/vendor/")) {
      assertEquals([path, /\b(?:import|from)\b\s*["'(]/.exec(text)?.[0]], [path, undefined]);
      continue;
    }
    const forbidden = /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Storage|indexedDB|cookie/;
    assertEquals([path, forbidden.exec(text)?.[0]], [path, undefined]);
    assertEquals([path, /https?:\/\//.exec(text.replace("http://www.w3.org", ""))?.[0]], [path, undefined]);
  }
});
