import { assertEquals, assertRejects } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { chooseStd } from "../../../tools/std/probe.ts";

const STAND_INS = "--import-map=tools/std/import_map.json\n";

/** What the probe printed. */
interface Answer {
  stdout: string;
  stderr: string;
}

/** Runs the probe in a copy of what it needs, with an empty cache and a registry of ours; checks that it left nothing there. */
async function probe(env: Record<string, string>): Promise<Answer> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-probe-" });
  const cache = await Deno.makeTempDir({ prefix: "halyard-cache-" });
  try {
    await Deno.mkdir(`${directory}/tools/std`, { recursive: true });
    for (const file of ["deno.json", "tools/std/probe.ts"]) {
      await Deno.copyFile(new URL(`../../../${file}`, import.meta.url), `${directory}/${file}`);
    }
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-config",
        "--no-prompt",
        "--allow-env=HALYARD_STD",
        "--allow-run",
        "tools/std/probe.ts",
      ],
      cwd: directory,
      env: { HALYARD_STD: "", NO_COLOR: "1", DENO_DIR: cache, ...env },
    }).output();
    assertEquals(
      (await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name)).sort(),
      ["deno.json", "tools"],
      "nothing written",
    );
    return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(cache, { recursive: true });
  }
}

const MODULE = new TextEncoder().encode("export {};\n");

/** Answers as a registry that holds one tiny version of each package. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, scope, name, file] = pathname.split("/");
  const specifier = (config.imports as Record<string, string>)[`${scope}/${name}`];
  const version = specifier?.split("^")[1];
  if (!version) return new Response(null, { status: 404 });
  if (file === "meta.json") return Response.json({ scope: "std", name, versions: { [version]: {} } });
  if (file === `${version}_meta.json`) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", MODULE)).toHex();
    const manifest = { "/mod.ts": { size: MODULE.length, checksum: `sha256-${digest}` } };
    return Response.json({ manifest, exports: { ".": "./mod.ts" } });
  }
  return new Response(MODULE, { headers: { "content-type": "application/typescript" } });
}

Deno.test("probe prints nothing where every @std package can be had", async () => {
  const asked = new Set<string>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.add(new URL(request.url).pathname.split("/")[2]!);
    return answer(request);
  });
  const JSR_URL = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(await probe({ JSR_URL }), { stdout: "", stderr: "" });
  assertEquals([...asked].sort(), ["assert", "fs", "http", "ini", "tar"]);
});

Deno.test("probe prints the import map where one package is missing", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return request.url.includes("/tar/") ? new Response(null, { status: 404 }) : answer(request);
  });
  const JSR_URL = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(await probe({ JSR_URL }), { stdout: STAND_INS, stderr: "" });
});

Deno.test("probe prints the import map where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const JSR_URL = `http://127.0.0.1:${listener.addr.port}/`;
  listener.close();
  assertEquals(await probe({ JSR_URL }), { stdout: STAND_INS, stderr: "" });
});

Deno.test("probe gives up on a registry that never answers, and leaves no process behind", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = probe({ JSR_URL: `http://127.0.0.1:${listener.addr.port}/` });
  using connection = await listener.accept();
  const asked = Array.fromAsync(connection.readable).catch(() => {}); // ends when the other side does
  assertEquals(await answered, { stdout: STAND_INS, stderr: "" });
  await asked;
});

Deno.test("probe obeys HALYARD_STD without looking", async () => {
  assertEquals(await chooseStd("jsr"), "jsr");
  assertEquals(await chooseStd("npm"), "npm");
  assertEquals(await probe({ HALYARD_STD: "jsr" }), { stdout: "", stderr: "" });
  assertEquals(await probe({ HALYARD_STD: "npm" }), { stdout: STAND_INS, stderr: "" });
});

Deno.test("probe refuses another HALYARD_STD, and what uses its answer stops", async () => {
  const message = 'Cannot use HALYARD_STD="JSR": it is "jsr", "npm" or not set';
  await assertRejects(() => chooseStd("JSR"), TypeError, message);
  const { stdout, stderr } = await probe({ HALYARD_STD: "JSR" });
  assertEquals(stderr, `TypeError: ${message}\n`);
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["eval", stdout.trim(), "0"] })
    .output();
  assertEquals(success, false);
});
