import { assert, assertEquals } from "@std/assert";
import { Loader, StorePublisher, TrustGate } from "../../lib/load/mod.ts";
import { FileSource } from "../../lib/source/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { Random } from "../../tools/simulate/random.ts";
import { makeLog, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { makeRelease, type Release, Signer } from "../trust/_signer.ts";
import { CarriedFiles, SteppedClock } from "./_carrier.ts";

const PATH = "/in/flags.tar.gz";
const ALLOWED = "/etc/allowed_signers";
const signer = await Signer.create();
const [one, two] = await Promise.all(["one", "two"].map(async (value, i) => {
  const archive = await packArchive({ e1: { flags: { f: constantFlag(value, i + 1) } } });
  return await makeRelease(archive, [signer], { version: i + 1 });
})) as [Release, Release];

/** Files of a release: what a carrier copies. */
type Part = "archive" | "manifest" | "signature";

const NAMES: Record<Part, string> = {
  archive: PATH,
  manifest: `${PATH}.manifest.json`,
  signature: `${PATH}.manifest.json.sig`,
};

function bytesOf({ file, manifest, signatures }: Release, part: Part): Uint8Array<ArrayBuffer> {
  if (part === "archive") return file;
  return part === "manifest" ? manifest : new TextEncoder().encode(signatures[0]!);
}

/** One step of a carrier. */
type Step = (files: CarriedFiles) => void;

/** Copies a file, by rename or in place: emptied, half written, complete. */
function copy(part: Part, isInPlace: boolean): Step[] {
  const [path, bytes] = [NAMES[part], bytesOf(two, part)];
  if (!isInPlace) return [(files) => files.replace(path, bytes)];
  return [0, 0.5, 1].map((share) => (files) => files.overwrite(path, bytes.slice(0, share * bytes.length)));
}

const ORDERS: Part[][] = [
  ["archive", "manifest", "signature"],
  ["archive", "signature", "manifest"],
  ["manifest", "archive", "signature"],
  ["manifest", "signature", "archive"],
  ["signature", "archive", "manifest"],
  ["signature", "manifest", "archive"],
];

/** A relay's part that follows the files, from the first release on. */
class Site implements AsyncDisposable {
  readonly clock = new SteppedClock();
  readonly files = new CarriedFiles(this.clock);
  readonly log = makeLog();
  readonly #store = new Store();
  readonly #gate: TrustGate;
  readonly #loader: Loader;
  readonly #source: FileSource;

  private constructor() {
    const { log, clock, files: { fs } } = this;
    // Nobody but the source waits for anything.
    const idle = {
      now: () => clock.now(),
      uptime: () => clock.uptime(),
      sleep: () => new Promise<void>(() => {}),
    };
    this.#gate = new TrustGate({
      mode: "require",
      path: PATH,
      what: "data file",
      namespace: "halyard-archive",
      allowedSigners: ALLOWED,
      cosignKeys: [],
      threshold: 1,
      buildTime: 0,
      log,
      clock: idle,
    });
    const publisher = new StorePublisher(this.#store, () => this.check());
    this.#loader = new Loader({
      path: PATH,
      maxBytes: 1e6,
      publisher,
      gate: this.#gate,
      log,
      clock: idle,
      readAgain: () => this.#source.refresh(),
    });
    this.#source = new FileSource({
      path: PATH,
      interval: 1_000,
      maxBytes: 1e6,
      companions: this.#gate.companions,
      log,
      fs,
      clock,
      onContent: (content) => this.#loader.reload(content),
    });
  }

  static async start(): Promise<Site> {
    const site = new Site();
    site.files.replace(ALLOWED, new TextEncoder().encode(signer.line()));
    for (const part of ["archive", "manifest", "signature"] as const) {
      site.files.replace(NAMES[part], bytesOf(one, part));
    }
    await site.clock.pass(1_000, site.#source.read((content) => site.#loader.load(content)));
    site.#source.start();
    await site.clock.pass(10_000);
    assertEquals(site.served, "one");
    return site;
  }

  /** Value that is served. */
  get served(): unknown {
    const body = this.#store.get("e1")!.snapshot!.find("flags", "f")!.document!.parts[0]!;
    return JSON.parse(text(body)).variations[1];
  }

  /** What SIGHUP does. */
  async refresh(): Promise<void> {
    await this.clock.pass(20_000, this.#source.refresh(true));
  }

  /** What is served is always all of one release. */
  check(): void {
    if (this.#gate.status.version === undefined) return;
    assertEquals(this.served, this.#gate.status.version === 1 ? "one" : "two");
  }

  get lastError(): string | undefined {
    return this.#loader.status.lastError?.message ?? this.#source.lastError?.message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.close();
    await this.#loader.close();
  }
}

/** Takes steps, some time after each. Between them, the release before is served, or all of the next. */
async function take(
  site: Site,
  steps: readonly Step[],
  pauses: readonly number[],
  random: Random,
): Promise<void> {
  for (const [i, step] of steps.entries()) {
    step(site.files);
    await site.clock.pass(random.pick(pauses));
    site.check();
    if (i < steps.length - 1) assertEquals(site.served, "one", `after step ${i + 1} of ${steps.length}`);
  }
}

const PAUSES: Record<string, number[]> = {
  "at once": [0],
  "with short pauses": [10, 70, 300],
  "with long pauses": [4_000],
  "at any speed": [0, 30, 900, 2_500, 7_000],
};

for (const [speed, pauses] of Object.entries(PAUSES)) {
  Deno.test(`a relay serves one whole release, in whatever order a carrier copies the next one ${speed}, and wherever it is interrupted`, async () => {
    let seed = 0;
    for (const order of ORDERS) {
      for (let modes = 0; modes < 8; modes++) {
        const steps = order.flatMap((part, i) => copy(part, (modes >> i) % 2 === 1));
        for (let end = 1; end <= steps.length; end++) {
          const random = new Random(++seed);
          await using site = await Site.start();
          await take(site, steps.slice(0, end), pauses, random);
          await site.clock.pass(15_000);
          const name = `${order} in place ${modes}, ${end} of ${steps.length} steps, ${
            site.log.lines.join("\n")
          }`;
          if (end === steps.length) {
            assertEquals([site.served, site.lastError], ["two", undefined], name);
            continue;
          }
          assertEquals(site.served, "one", name);
          assert(site.lastError?.startsWith("Refused data file"), name);
          // The carrier comes again.
          for (const step of random.pick(ORDERS).flatMap((part) => copy(part, random.chance(0.5)))) {
            step(site.files);
            await site.clock.pass(random.pick(pauses));
            site.check();
          }
          await site.clock.pass(15_000);
          assertEquals([site.served, site.lastError], ["two", undefined], name);
        }
      }
    }
    assert(seed > 200, `${seed} runs`);
  });
}

Deno.test("a relay reports a set that does not fit once it has not changed for 2 s, and not before", async () => {
  await using site = await Site.start();
  for (let i = 0; i < 5; i++) {
    // A carrier that is slow, but not that slow.
    site.files.overwrite(PATH, two.file.slice(0, 10 + i));
    await site.clock.pass(1_500);
    assertEquals(site.log.problems, []);
  }
  await site.clock.pass(4_000);
  assertEquals(site.log.problems.length, 1, site.log.lines.join("\n"));
  await site.clock.pass(60_000);
  assertEquals(site.log.problems.length, 1);
});

Deno.test("a set that was refused is judged again when it is asked for, as after the clock has been set", async () => {
  await using site = await Site.start();
  site.files.replace(ALLOWED, new TextEncoder().encode(signer.line('valid-after="20261202000100Z"')));
  for (const part of ["archive", "manifest", "signature"] as const) {
    site.files.replace(NAMES[part], bytesOf(two, part));
  }
  await site.clock.pass(40_000);
  assertEquals(site.served, "one");
  assert(site.lastError?.includes("it is valid from 2026-12-02T00:01:00"), site.lastError);
  await site.clock.pass(50_000);
  assertEquals(site.served, "one");
  await site.refresh();
  assertEquals([site.served, site.lastError], ["two", undefined]);
});
