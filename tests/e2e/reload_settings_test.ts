import { assertEquals, assertStringIncludes } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { type RelayProcess, startRelay } from "./_relay.ts";

const ARCHIVE = await packArchive({ e1: { flags: { f: constantFlag("one") } } });
const HEADERS = { authorization: "sdk-e1" };

/** What a stream has sent until a text is among it, which ends the test if it never comes. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<void> {
  for (let all = ""; !all.includes(text);) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended without ${JSON.stringify(text)}`);
    all += new TextDecoder().decode(value);
  }
}

/** Opens a stream, when there is room for it. */
async function openStream({ url }: RelayProcess): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  while (true) {
    const { status, body } = await fetch(`${url}/all`, { headers: HEADERS });
    if (status === 200) return body!.getReader();
    await body?.cancel();
  }
}

async function allowedOrigin({ url }: RelayProcess): Promise<string | null> {
  const { headers, body } = await fetch(`${url}/sdk/goals/e1`, { headers: { origin: "https://new" } });
  await body?.cancel();
  return headers.get("access-control-allow-origin");
}

for (const threads of ["1", "2"]) {
  Deno.test(`main.ts with THREADS=${threads} applies the live settings of a changed file on SIGHUP, and names the others`, async () => {
    await using file = await DataFile.create(ARCHIVE);
    const config = `${file.path}.conf`;
    function write(main: string, origin: string): void {
      Deno.writeTextFileSync(
        config,
        `[Main]\n${main}\n[OfflineMode]\nfileDataSource = ${file.path}\nenvAllowedOrigin = ${origin}\n`,
      );
    }
    write("maxStreams = 1\nheartbeatInterval = 0", "https://old");
    await using relay = await startRelay({
      args: ["--config", config, "--from-env"],
      env: { THREADS: threads },
    });
    const first = await openStream(relay);
    await readUntil(first, "event: put");
    const refused = await fetch(`${relay.url}/all`, { headers: HEADERS });
    assertEquals([refused.status, await allowedOrigin(relay)], [503, "https://old"]);
    await refused.body?.cancel();

    write(
      "maxStreams = 2\nheartbeatInterval = 20ms\nlogLevel = DEBUG\nclientWriteSlack = 6s",
      "https://new",
    );
    Deno.kill(relay.pid, "SIGHUP");
    await relay.waitFor("Reading the settings and the archive on SIGHUP");
    assertStringIncludes(
      await relay.waitFor("heartbeatInterval"),
      "INFO: Reloaded: heartbeatInterval = 20ms",
    );
    assertStringIncludes(await relay.waitFor("maxStreams"), "INFO: Reloaded: maxStreams = 2");
    assertStringIncludes(
      await relay.waitFor("clientWriteSlack"),
      "WARN: Not reloaded: clientWriteSlack needs a restart",
    );
    assertStringIncludes(await relay.waitFor("logLevel"), "INFO: Reloaded: logLevel = DEBUG");
    await relay.waitFor("Reloaded: envAllowedOrigin = https://new");
    await readUntil(first, "\n:\n\n");
    const second = await openStream(relay);
    await readUntil(second, "\n:\n\n");
    await relay.waitFor("DEBUG: Request");
    while (await allowedOrigin(relay) !== "https://new");

    await Deno.writeTextFile(config, "[Main]\nmaxStreams = many\n");
    Deno.kill(relay.pid, "SIGHUP");
    assertStringIncludes(await relay.waitFor("Cannot reload the settings"), "not a valid integer");
    assertEquals(await allowedOrigin(relay), "https://new");

    write(
      "maxStreams = 2\nheartbeatInterval = 0.02s\nlogLevel = debug\nclientWriteSlack = 5s",
      "https://new",
    );
    const read = relay.lines.length;
    Deno.kill(relay.pid, "SIGHUP");
    await relay.waitFor("Reading the settings and the archive on SIGHUP");
    await readUntil(first, ":\n\n");
    await Promise.all([first.cancel(), second.cancel()]);
    const { code } = await relay.stop();
    const reloaded = relay.lines.slice(read).filter((line) => /eloaded: /.test(line));
    assertEquals([code, reloaded], [0, []], "the same values, though written otherwise");
  });
}
