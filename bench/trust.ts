/**
 * What signatures and the state directory add to a load of 20 MB of JSON in one environment: loads with and without them, by turns.
 *
 * Usage: `deno run -A bench/trust.ts`
 */
import { hash } from "node:crypto";
import { writeArchive } from "../lib/archive/mod.ts";
import { Loader, StateDirectory, StorePublisher, TrustGate } from "../lib/load/mod.ts";
import { createLog } from "../lib/observe/mod.ts";
import { Store } from "../lib/store/mod.ts";
import { listSidecars } from "../lib/trust/mod.ts";
import { makeRelease, Signer } from "../tests/trust/_signer.ts";
import { makeFlags } from "./_flags.ts";
import { printTable } from "./_streams.ts";

const ROUNDS = 9;
/** Flags of this shape make about 20 MB. */
const FLAGS = 20 * 740;
const PATH = "flags.tar.gz";
const KEYS = "allowed_signers";
const SIGNERS = 3;

const log = createLog({ level: "none", format: "text", write() {} });

/** Ways to load: what is asked for before. */
const WAYS = ["as it is", "signed", "signed, with state"] as const;

/** Measures them. */
export async function benchTrust(): Promise<void> {
  const data = JSON.stringify(makeFlags(FLAGS, "rules"));
  const metadata = JSON.stringify({ env: { envID: "e1", sdkKey: { value: "sdk-e1" } } });
  const archive = await writeArchive([{ id: "e1", metadata, data }]);
  const signers = await Promise.all(Array.from({ length: SIGNERS }, () => Signer.create()));
  const { manifest, signatures } = await makeRelease(archive, signers, {
    created: new Date().toISOString(),
  });
  const parts = [manifest, ...signatures.map((text) => new TextEncoder().encode(text))];
  const companions = new Map(listSidecars(PATH).map(({ path }, i) => [path, parts[i]]));
  companions.set(KEYS, new TextEncoder().encode(signers.map((signer) => signer.line()).join("")));
  const folder = await Deno.makeTempDir();
  const state = await StateDirectory.open({ path: `${folder}/state`, log });

  async function load(way: typeof WAYS[number]): Promise<number> {
    const gate = new TrustGate({
      mode: way === "as it is" ? "off" : "require",
      path: PATH,
      what: "data file",
      namespace: "halyard-archive",
      allowedSigners: KEYS,
      cosignKeys: [],
      threshold: SIGNERS,
      buildTime: 0,
      log,
      ...way === "signed, with state" && { state, keepsFile: true },
    });
    // Each time as if it were new to the disk.
    await state.save("bench", {}, "0".repeat(64));
    const publisher = new StorePublisher(new Store());
    const loader = new Loader({ path: PATH, maxBytes: 1e9, publisher, gate, log });
    loader.expect(archive.length);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const bytes = archive.slice();
    const start = performance.now();
    await loader.load({ bytes, digest: hash("sha256", bytes), isAtRest: true, companions });
    const time = performance.now() - start;
    gate.close();
    await loader.close();
    return time;
  }

  const times = new Map<string, number[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const way of WAYS) {
      const time = await load(way);
      // The first round warms up.
      if (round > 0) times.get(way)!.push(time);
    }
  }
  await state.close();
  await Deno.remove(folder, { recursive: true });
  const [first, ...others] = WAYS.map((way) => median(times.get(way)!));
  printTable("what signatures and the state directory add to a load of 20 MB", [
    { load: WAYS[0], ms: first!.toFixed(0), "to the first": "1.00" },
    ...others.map((ms, i) => ({
      load: WAYS[i + 1]!,
      ms: ms.toFixed(0),
      "to the first": (ms / first!).toFixed(3),
    })),
  ]);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.main) await benchTrust();
