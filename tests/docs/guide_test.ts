import { assertEquals } from "@std/assert";
import { packFolder } from "../../lib/folder/mod.ts";
import { runGuide } from "./_guide.ts";

const ROOT = new URL("../../", import.meta.url);

const PAGE = new URL("docs/guide.md", ROOT);

/** With `HALYARD_UPDATE=1`, the page is written as its commands ran, for a person to look at the difference. */
const UPDATES = Deno.env.get("HALYARD_UPDATE") === "1";

/** The relay key of the page. */
const RELAY_KEY = "rel-de300000-0000-4000-8000-00000000000f";

/** An environment as it stands in `examples`. */
interface Example {
  env: { sdkKey: { value: string; expiring?: { value: string; timestamp: number } } };
  flags: Record<string, { version: number; fallthrough: unknown }>;
}

/** Packs the environment of the page, as `edit` leaves it. */
async function pack(edit: (example: Example) => void): Promise<Uint8Array<ArrayBuffer>> {
  const name = "line-control.production.json";
  const example: Example = JSON.parse(await Deno.readTextFile(new URL(`examples/${name}`, ROOT)));
  delete example.env.sdkKey.expiring;
  edit(example);
  const { archive } = await packFolder(
    new Map([[name, new TextEncoder().encode(JSON.stringify(example))]]),
    "",
  );
  return archive;
}

function slowDown({ flags }: Example): void {
  const flag = flags["line-speed-limit"]!;
  flag.version++;
  flag.fallthrough = { variation: 1 };
}

function rollKey({ env: { sdkKey } }: Example): void {
  // The year 2100, since what the page shows must not change from one day to the next.
  sdkKey.expiring = { value: sdkKey.value, timestamp: Date.UTC(2100, 0) };
  sdkKey.value = "sdk-de300000-0001-4000-8000-0000000000b2";
}

/** What LaunchDarkly serves in the course of the page, one file each. */
async function writeArchives(folder: string): Promise<void> {
  await Deno.writeFile(`${folder}/latest.tar.gz`, await pack(() => {}));
  await Deno.writeFile(`${folder}/changed.tar.gz`, await pack(slowDown));
  await Deno.writeFile(
    `${folder}/rolled.tar.gz`,
    await pack((example) => {
      slowDown(example);
      rollKey(example);
    }),
  );
}

/** A server in the place of LaunchDarkly's. */
function serveLatest(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url, headers }) => {
    if (new URL(url).pathname !== "/relay/latest-all") return new Response(null, { status: 404 });
    if (headers.get("authorization") !== RELAY_KEY) return new Response(null, { status: 401 });
    const archive = await Deno.readFile(`${folder}/latest.tar.gz`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
    const etag = `"${digest}"`;
    if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    return new Response(archive, { headers: { etag } });
  });
}

/** A free port that is as long as the one of the page, so that columns are where they are there. */
function findPort(): number {
  for (let port = 8_031; port < 10_000; port++) {
    try {
      Deno.listen({ port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("No port is free");
}

function hasCurl(): boolean {
  try {
    return new Deno.Command("curl", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Without it, the lines with it stay as they are: Halyard's own commands need nothing but `sh`. */
const HAS_CURL = hasCurl();

Deno.test("docs/guide.md shows what its commands print", async () => {
  const folder = await Deno.makeTempDir({ prefix: "halyard-guide-" });
  const server = serveLatest(folder);
  try {
    await writeArchives(folder);
    const page = await Deno.readTextFile(PAGE);
    const url = `http://127.0.0.1:${server.addr.port}`;
    const actual = await runGuide(page, {
      substitutes: [
        { shown: "halyard-courier pull", real: `halyard-courier pull --base-uri ${url}` },
        { shown: "https://sdk.launchdarkly.com", real: url },
        { shown: "8030", real: `${findPort()}` },
        { shown: "/media/stick", real: "../stick" },
      ],
      env: { LAUNCHDARKLY: folder },
      canRun: (command) => HAS_CURL || !command.includes("curl "),
    });
    if (UPDATES) await Deno.writeTextFile(PAGE, actual);
    else assertEquals(actual, page);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/guide.md configures the SDKs that are installed with options they have", async () => {
  const page = await Deno.readTextFile(PAGE);
  const folder = await Deno.makeTempDir({ prefix: "halyard-guide-" });
  try {
    const snippets = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, snippet = ""]) => snippet);
    assertEquals(snippets.length, 2);
    const paths = snippets.map((_, i) => `${folder}/${i}.ts`);
    for (const [i, path] of paths.entries()) await Deno.writeTextFile(path, snippets[i]!);
    const standIns = import.meta.resolve("@std/assert").startsWith("file:");
    const map = standIns ? "tools/std/import_map.json" : "deno.json";
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", "--no-config", `--import-map=${map}`, ...paths],
      cwd: ROOT,
      stderr: "piped",
    }).output();
    assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
