import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** All pages of the project. */
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...[...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`).filter((name) =>
    name.endsWith(".md")
  ),
];

/** What a heading is called in a link. */
function toAnchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-");
}

/** Lists the links of a page that lead to no file or no heading. */
async function findBroken(page: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(page, ROOT));
  const broken: string[] = [];
  for (const [, link = ""] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const url = new URL(link, new URL(page, ROOT));
    const anchor = url.hash.slice(1);
    url.hash = "";
    const target = await Deno.readTextFile(url).catch(() => undefined);
    const headings = target?.match(/^#+ .*/gm)?.map((line) => toAnchor(line.replace(/^#+ /, ""))) ?? [];
    if (target === undefined || (anchor !== "" && !headings.includes(anchor))) broken.push(link);
  }
  return broken;
}

for (const page of PAGES) {
  Deno.test(`${page} links to files and headings that are there`, async () => {
    assertEquals(await findBroken(page), []);
  });
}
