import { assert, assertEquals, assertRejects } from "@std/assert";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { ListenError } from "../lib/http/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { makeLog } from "./_environments.ts";
import { RecordingMeter } from "./_meter.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";

/** A relay in this process, with what it logs and counts. */
interface Running {
  relay: Relay;
  log: ReturnType<typeof makeLog>;
  meter: RecordingMeter;
}

function settingsOf(file: DataFile, port = 0): Settings {
  return { ...DEFAULT_SETTINGS, port, bindAddress: "127.0.0.1", fileDataSource: file.path };
}

async function start(file: DataFile): Promise<Running> {
  const [log, meter] = [makeLog(), new RecordingMeter()];
  return { relay: await startRelay(settingsOf(file), { log, meter }), log, meter };
}

/** What a server SDK gets from a relay: the value of flag `f`, or the status if it gets none. */
async function poll({ relay }: Running): Promise<unknown> {
  const { hostname, port } = relay.address;
  const headers = { authorization: "sdk-e1", connection: "close" };
  const response = await fetch(`http://${hostname}:${port}/sdk/latest-all`, { headers });
  if (!response.ok) return [response.status, await response.text()][0];
  return (await response.json()).flags.f.variations[1];
}

/** Opens a stream of a relay; each call of what it gives is the next text that arrives, `undefined` at the end. */
async function stream({ relay }: Running): Promise<() => Promise<string | undefined>> {
  const { hostname, port } = relay.address;
  const { body } = await fetch(`http://${hostname}:${port}/all`, { headers: { authorization: "sdk-e1" } });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  return async () => (await reader.read()).value;
}

Deno.test("two relays side by side in one process share nothing: one reloads, one closes", async () => {
  await using fileA = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag("a1") } } }));
  await using fileB = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag("b1") } } }));
  const a = await start(fileA);
  const b = await start(fileB);
  await using _a = a.relay;
  await using _b = b.relay;
  assertEquals([await poll(a), await poll(b)], ["a1", "b1"]);
  const [readA, readB] = [await stream(a), await stream(b)];
  assert((await readA())!.includes('"a1"') && (await readB())!.includes('"b1"'));

  const linesOfB = b.log.lines.length;
  await fileA.replace(await packArchive({ e1: { flags: { f: constantFlag("a2", 2) } } }));
  await a.relay.reload();
  assert((await readA())!.startsWith("event: patch\n"));
  assertEquals([await poll(a), await poll(b)], ["a2", "b1"]);
  assertEquals(b.log.lines.slice(linesOfB).filter((line) => !line.startsWith("debug: Request")), []);

  await a.relay.close();
  assertEquals(await readA(), undefined);
  await assertRejects(() => poll(a), TypeError);
  assertEquals(await poll(b), "b1");
  await fileB.replace(await packArchive({ e1: { flags: { f: constantFlag("b2", 2) } } }));
  await b.relay.reload();
  assert((await readB())!.startsWith("event: patch\n"));
  assertEquals(await poll(b), "b2");
  await b.relay.close();
  assertEquals(await readB(), undefined);

  const polls = 'halyard_requests_total{route="/sdk/latest-all",status="200"}';
  assertEquals([a.meter.series[polls], b.meter.series[polls]], [2, 4]);
});

Deno.test("startRelay() leaves nothing running when it cannot listen, and what has the port is unaffected", async () => {
  await using file = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag("a") } } }));
  const first = await start(file);
  await using _first = first.relay;
  const settings = settingsOf(file, first.relay.address.port);
  await assertRejects(() => startRelay(settings, { log: makeLog() }), ListenError);
  assertEquals(await poll(first), "a");
});
