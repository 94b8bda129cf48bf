import { assert, assertEquals, assertRejects } from "@std/assert";
import { hash } from "node:crypto";
import {
  StateDirectory,
  type StateFileSystem,
  TrustGate,
  type TrustGateOptions,
} from "../../lib/load/mod.ts";
import { type FileContent, IncompleteError, LoadError, TransientError } from "../../lib/source/mod.ts";
import { type Bytes, listSidecars } from "../../lib/trust/mod.ts";
import { StateDisk } from "../../tools/simulate/state_disk.ts";
import { makeLog, type TestLog } from "../_environments.ts";
import {
  CREATED,
  makeManifest,
  makeRelease,
  type ManifestFields,
  type Release,
  Signer,
} from "../trust/_signer.ts";

const DAY = 86_400_000;
const PATH = "/in/flags.tar.gz";
const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text);

const [ann, bob, eve] = [await Signer.create(), await Signer.create(), await Signer.create()];
const ALLOWED = ann.line('namespaces="halyard-archive"') + bob.line();

/** A gate under test, with the files that it asks for. */
class Bench {
  readonly log: TestLog = makeLog();
  now = CREATED + DAY;
  keys: Record<string, string> = { "/etc/allowed": ALLOWED, "/etc/revoked": "" };
  readonly gate: TrustGate;

  constructor(options: Partial<TrustGateOptions> = {}) {
    this.gate = new TrustGate({
      mode: "require",
      path: PATH,
      what: "data file",
      namespace: "halyard-archive",
      keepsFile: true,
      allowedSigners: "/etc/allowed",
      revokedKeys: "/etc/revoked",
      cosignKeys: [],
      threshold: 1,
      audience: "plant-7",
      buildTime: CREATED - DAY,
      log: this.log,
      clock: {
        now: () => this.now,
        uptime: () => this.now,
        sleep: () => new Promise(() => {}),
      },
      ...options,
    });
  }

  content(release: Partial<Release> & { file: Bytes }, isAtRest = true): FileContent {
    const { file, manifest, signatures = [] } = release;
    const [manifestFile, ...others] = listSidecars(PATH);
    const companions = new Map(Object.entries(this.keys).map(([path, text]) => [path, bytes(text)]));
    if (manifest) companions.set(manifestFile!.path, manifest);
    for (const [i, signature] of signatures.entries()) companions.set(others[i]!.path, bytes(signature));
    return { bytes: file, digest: hash("sha256", file), isAtRest, companions };
  }

  /** Has a release served; throws where it is refused. */
  async serve(release: Partial<Release> & { file: Bytes }, isAtRest?: boolean): Promise<void> {
    await (await this.gate.admit(this.content(release, isAtRest))).commit();
  }

  /** Says why a release is refused. */
  async refusal(release: Partial<Release> & { file: Bytes }): Promise<string> {
    const error = await assertRejects(() => this.serve(release), Error);
    const isForNow = / on$| a day ahead$/.test(error.message);
    assert(error instanceof (isForNow ? TransientError : LoadError), `${error}`);
    return error.message.replace(`Refused data file "${PATH}": `, "");
  }
}

const FILE = bytes("archive one");
const release = (fields?: ManifestFields, signers = [ann], file = FILE) => makeRelease(file, signers, fields);

Deno.test("TrustGate admits what is signed, and says by whom", async () => {
  const bench = new Bench();
  await bench.serve(await release());
  assertEquals(bench.gate.status, {
    mode: "require",
    signers: [{ principals: "release@corp", fingerprint: bench.gate.status.signers![0]!.fingerprint }],
    version: 1,
    epoch: 0,
    audience: "plant-7",
    created: CREATED,
    notAfter: CREATED + 30 * DAY,
    stale: false,
    problems: [
      "without a state directory, a restart forgets which release was served: an older one is accepted then",
    ],
  });
  assert(bench.log.lines.some((line) => line.startsWith("info: Verified the data file")));
});

// The attacks of TUF as far as they concern one file that is carried, and what is said about each. Every row is refused.
const ATTACKS: [
  name: string,
  attack: (bench: Bench) => Promise<Partial<Release> & { file: Bytes }>,
  why: RegExp,
][] = [
  ["no manifest", () => Promise.resolve({ file: FILE }), /^signatures: there is no manifest/],
  [
    "no signature",
    async () => ({ ...await release(), signatures: [] }),
    /signatures: 0 of 1.*there is no signature/,
  ],
  ["another signer", () => release({}, [eve]), /is not among the allowed signers/],
  [
    "another archive",
    async () => ({ ...await release(), file: bytes("archive 0ne") }),
    /^content: .*another file/,
  ],
  ["an archive of another length", () => release({ archiveSize: 10 }), /^content: /],
  ["a manifest that was changed", async () => {
    const { manifest, ...rest } = await release();
    return { ...rest, manifest: makeManifest(FILE, { version: 2 }), old: manifest };
  }, /The signature is not one of these bytes/],
  [
    "a signature for something else",
    () => makeRelease(FILE, [bob], {}, "git"),
    /for "git", not for halyard-archive/,
  ],
  [
    "an overrides file's signature",
    () => makeRelease(FILE, [bob], {}, "halyard-overrides"),
    /for "halyard-overrides"/,
  ],
  ["another site", () => release({ audience: "plant-8" }), /^audience: for "plant-8", not for "plant-7"/],
  ["an older version", async (bench) => {
    await bench.serve(await release({ version: 5 }));
    return release({ version: 4 }, [ann], bytes("older"));
  }, /^release: version 4 is older: version 5 has been served/],
  ["an older epoch", async (bench) => {
    await bench.serve(await release({ epoch: 1 }));
    return release({ version: 9 }, [ann], bytes("older"));
  }, /^release: version 9 is older: version 1 of epoch 1 has been served/],
  ["two archives with one version", async (bench) => {
    await bench.serve(await release());
    return release({}, [ann], bytes("archive two"));
  }, /^release: version 1 with another content/],
  [
    "a version that ends all versions, from the future",
    () => release({ version: 2 ** 53 - 1, created: "2026-12-03T12:00:01Z" }),
    /^created: .*more than a day ahead/,
  ],
  ["a key that is revoked", (bench) => {
    bench.keys["/etc/revoked"] = ann.publicKey;
    return release();
  }, /is revoked/],
  ["a key that is not valid yet", (bench) => {
    bench.keys["/etc/allowed"] = ann.line('valid-after="20261203Z"');
    return release();
  }, /it is valid from 2026-12-03/],
  ["a key that is not valid any more", (bench) => {
    bench.keys["/etc/allowed"] = ann.line('valid-before="20261202Z"');
    return release();
  }, /it was valid until 2026-12-02/],
  ["a key for another namespace", (bench) => {
    bench.keys["/etc/allowed"] = ann.line('namespaces="git"');
    return release();
  }, /its namespaces are "git"/],
  ["allowed signers that cannot be read", (bench) => {
    bench.keys["/etc/allowed"] = "nonsense";
    return release();
  }, /^keys: Cannot use the allowed signers "\/etc\/allowed": Line 1/],
  ["allowed signers that are gone", (bench) => {
    delete bench.keys["/etc/allowed"];
    return release();
  }, /^keys: .*there is no such file/],
  ["a manifest of a newer format", () => release({ format: 2 }), /^manifest: .*newer Halyard/],
];

for (const [name, attack, why] of ATTACKS) {
  Deno.test(`TrustGate refuses ${name}, in mode warn says so, and goes on with what is good`, async () => {
    const bench = new Bench();
    const attacked = await attack(bench);
    const before = bench.gate.status;
    const refusal = await bench.refusal(attacked);
    assert(why.test(refusal), refusal);
    assertEquals(bench.gate.status, before);
    bench.keys["/etc/allowed"] = ALLOWED;
    bench.keys["/etc/revoked"] = "";
    await bench.serve(await release({ version: 6, epoch: 1 }, [ann], bytes("newer")));

    const lenient = new Bench({ mode: "warn" });
    const again = await attack(lenient);
    await lenient.serve(again);
    assert(why.test(lenient.gate.status.problems!.join("; ")), `${lenient.gate.status.problems}`);
    assert(lenient.log.problems.at(-1)!.startsWith("warn: TRUST_MODE=require would refuse the data file"));
    assertEquals([lenient.gate.status.signers, lenient.gate.status.version], [[], undefined]);
    lenient.keys = bench.keys;
    await lenient.serve(await release({ version: 6, epoch: 1 }, [ann], bytes("newer")));
    assertEquals([lenient.gate.status.version, lenient.gate.status.problems], [6, undefined]);
  });
}

Deno.test("TrustGate says that the file could not be kept for as long as it is so", async () => {
  const disk = new StateDisk();
  await disk.mkdir("/var");
  let isBroken = false;
  const fs: StateFileSystem = {
    lstat: (path) => disk.lstat(path),
    open: (path, options) => disk.open(path, options),
    readDir: (path) => disk.readDir(path),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to),
    mkdir: (path) => isBroken ? Promise.reject(new Error("no inodes")) : disk.mkdir(path),
  };
  const state = await StateDirectory.open({ path: "/var/state", log: makeLog(), fs });
  const problem = 'Cannot write to the state directory "/var/state": no inodes';
  for (const mode of ["require", "warn"] as const) {
    const bench = new Bench({ state, mode });
    isBroken = true;
    const serving = bench.serve(await release({ version: 3 }, [ann], bytes(mode)));
    // A restart would refuse the archive that is there as older than the mark.
    if (mode === "require") await assertRejects(() => serving, TransientError, problem);
    else await serving;
    assertEquals(bench.gate.status.problems, [problem]);
    isBroken = false;
    await bench.serve(await release({ version: 3 }, [ann], bytes(mode)));
    assertEquals(bench.gate.status.problems, undefined);
    // For the next round.
    await state.save("halyard-archive", {});
  }
  await state.close();
});

Deno.test("TrustGate asks for k of n different keys", async () => {
  const bench = new Bench({ threshold: 2 });
  const twice = await release({}, [ann, ann]);
  assert(/^signatures: 1 of 2/.test(await bench.refusal(twice)));
  await bench.serve(await release({}, [ann, eve, bob]));
  assertEquals(bench.gate.status.signers!.length, 2);
  bench.keys["/etc/revoked"] = bob.publicKey;
  assert(/^keys: The threshold is 2, but .* only 1/.test(await bench.refusal(await release({}, [ann, bob]))));
});

Deno.test("TrustGate recovers from the highest version by the next epoch", async () => {
  const bench = new Bench();
  await bench.serve(await release({ version: 2 ** 53 - 1 }));
  assert(/is older/.test(await bench.refusal(await release({ version: 2 }, [ann], bytes("b")))));
  await bench.serve(await release({ version: 1, epoch: 1 }, [ann], bytes("b")));
  assertEquals([bench.gate.status.version, bench.gate.status.epoch], [1, 1]);
});

Deno.test("TrustGate serves what is stale, says so once, and refuses new files that are only if asked to", async () => {
  const waits: number[] = [];
  let wake: (() => void) | undefined;
  const bench = new Bench({ maxAge: { ms: 10 * DAY, isHard: false } });
  const clock = {
    now: () => bench.now,
    uptime: () => bench.now,
    sleep: (ms: number) => new Promise<void>((resolve) => (waits.push(ms), wake = resolve)),
  };
  const gate = new Bench({ maxAge: { ms: 10 * DAY, isHard: false }, clock, log: bench.log });
  await gate.serve(await release());
  assertEquals([gate.gate.status.stale, waits], [false, [60_000]]);
  bench.now = CREATED + 10 * DAY + 1;
  wake!();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(gate.gate.status.stale, true);
  const alarms = () => bench.log.problems.filter((line) => line.includes("The data file is stale"));
  assertEquals(alarms().length, 1);
  // The clock is set back, as after a battery has failed.
  bench.now = CREATED + DAY;
  assertEquals(gate.gate.status.stale, false);

  const hard = new Bench({ maxAge: { ms: 10 * DAY, isHard: true } });
  await hard.serve(await release());
  hard.now = CREATED + 11 * DAY;
  const next = await release({ version: 2 }, [ann], bytes("b"));
  assert(/^age: 11 days, stale: it was good until 2026-12-11/.test(await hard.refusal(next)));
  // What was accepted stays good.
  await hard.serve(await release());
  assertEquals(hard.gate.status.stale, true);
});

Deno.test("TrustGate does not judge the age by a clock that is earlier than the build, and raises an alarm", async () => {
  for (const now of [0, -1e9]) {
    const bench = new Bench({ maxAge: { ms: DAY, isHard: true } });
    bench.now = now;
    await bench.serve(await release());
    assertEquals(bench.gate.status.stale, false);
    assert(bench.gate.status.problems!.some((problem) => problem.includes("clock is earlier")));
    assertEquals(bench.log.problems.filter((line) => line.includes("clock is earlier")).length, 1);
    bench.now = CREATED;
    await bench.serve(await release());
    assert(!bench.gate.status.problems!.some((problem) => problem.includes("clock is earlier")));
  }
});

/** Parts of a file on its way from the release before to the next one. */
const STATES = ["old", "gone", "empty", "half", "new"] as const;

Deno.test("TrustGate admits no mix, whatever of archive, manifest and signature has arrived and how much of it", async () => {
  const old = await release({ version: 1 });
  const next = await release({ version: 2 }, [ann], bytes("archive two"));
  function part<T extends Bytes | string>(state: typeof STATES[number], before: T, after: T): T | undefined {
    if (state === "gone") return undefined;
    if (state === "empty") return after.slice(0, 0) as T;
    if (state === "half") return after.slice(0, after.length / 2) as T;
    return state === "old" ? before : after;
  }
  const bench = new Bench();
  await bench.serve(old);
  let admitted = 0;
  for (const archive of STATES.filter((state) => state !== "gone")) {
    for (const manifest of STATES) {
      for (const signature of STATES) {
        const parts = [archive, manifest, signature];
        const manifestPart = part(manifest, old.manifest, next.manifest);
        const signaturePart = part(signature, old.signatures[0]!, next.signatures[0]!);
        const set = {
          file: part(archive, old.file, next.file)!,
          ...manifestPart && { manifest: manifestPart },
          signatures: signaturePart === undefined ? [] : [signaturePart],
        };
        const fits = new Set(parts).size === 1 && (archive === "old" || archive === "new");
        for (const isAtRest of [false, true]) {
          const admission = bench.gate.admit(bench.content(set, isAtRest));
          if (fits) {
            await admission;
            admitted++;
          } else {
            const error = await assertRejects(() => admission, LoadError, undefined, parts.join());
            // Nothing is said before the files are at rest.
            assertEquals(error instanceof IncompleteError, !isAtRest, parts.join());
          }
        }
      }
    }
  }
  assertEquals(admitted, 4);
});

/** Opens the state directory of a simulated disk, for a gate of its own. */
async function start(
  fs: StateFileSystem,
  options: Partial<TrustGateOptions> = {},
): Promise<{ bench: Bench; state: StateDirectory }> {
  const state = await StateDirectory.open({ path: "/state", log: makeLog(), fs });
  return { bench: new Bench({ state, ...options }), state };
}

Deno.test("TrustGate remembers the newest release across restarts, and a lost memory begins anew", async () => {
  const disk = new StateDisk();
  const first = await start(disk);
  await first.bench.serve(await release({ version: 3 }));
  await first.state.close();
  const second = await start(disk);
  const older = await release({ version: 2 }, [ann], bytes("older"));
  assert(/version 3 has been served/.test(await second.bench.refusal(older)));
  await second.bench.serve(await release({ version: 3 }));
  assertEquals(second.bench.gate.status.problems, undefined);
  await second.state.close();
  const lost = await start(new StateDisk());
  await lost.bench.serve(older);
});

Deno.test("TrustGate lets one older release in by permission, once, across restarts", async () => {
  const disk = new StateDisk();
  const first = await start(disk);
  await first.bench.serve(await release({ version: 5 }, [ann], bytes("five")));
  await first.state.close();

  const allowRollbackUntil = CREATED + 2 * DAY;
  const second = await start(disk, { allowRollbackUntil });
  await second.bench.serve(await release({ version: 3 }, [ann], bytes("three")));
  const line = second.bench.log.problems.find((line) => line.includes("audit=rollback"));
  assert(line?.includes("version=3 epoch=0 previousVersion=5"), line);
  assert(/is older/.test(await second.bench.refusal(await release({ version: 2 }, [ann], bytes("two")))));
  await second.state.close();

  const third = await start(disk, { allowRollbackUntil });
  assert(
    /version 3 has been served/.test(
      await third.bench.refusal(await release({ version: 2 }, [ann], bytes("two"))),
    ),
  );
  await third.bench.serve(await release({ version: 4 }, [ann], bytes("four")));
  await third.state.close();

  const late = await start(disk, { allowRollbackUntil: CREATED + DAY });
  assert(/is older/.test(await late.bench.refusal(await release({ version: 3 }, [ann], bytes("three")))));
  await late.state.close();
  // Another permission.
  const again = await start(disk, { allowRollbackUntil: CREATED + 3 * DAY });
  await again.bench.serve(await release({ version: 3 }, [ann], bytes("three")));
  // Not for two files with one version.
  const other = await start(new StateDisk(), { allowRollbackUntil });
  await other.bench.serve(await release({ version: 1 }));
  assert(/another content/.test(await other.bench.refusal(await release({}, [ann], bytes("b")))));
});

Deno.test("TrustGate spends no permission on a file that could not be loaded", async () => {
  const { bench } = await start(new StateDisk(), { allowRollbackUntil: CREATED + 2 * DAY });
  await bench.serve(await release({ version: 5 }, [ann], bytes("five")));
  const older = await release({ version: 3 }, [ann], bytes("three"));
  await (await bench.gate.admit(bench.content(older))).discard();
  assertEquals(bench.gate.status.version, 5);
  await bench.serve(older);
  assertEquals(bench.gate.status.version, 3);
});

Deno.test("TrustGate gives back what was served last, verified again: validity dates as of then, revocation as of now", async () => {
  const disk = new StateDisk();
  const first = await start(disk);
  first.bench.keys["/etc/allowed"] = ann.line('valid-before="20261210Z"');
  await first.bench.serve(await release());
  await first.state.close();

  const second = await start(disk);
  const { bench: { gate }, bench } = second;
  bench.now = CREATED + 365 * DAY;
  async function recall(keys: Record<string, string>): Promise<FileContent> {
    const files = new Map(Object.entries(keys).map(([path, text]) => [path, bytes(text)]));
    return (await gate.recall(1_000, () => Promise.resolve(files)))!;
  }
  const revoked = { "/etc/allowed": ann.line() + bob.line(), "/etc/revoked": ann.publicKey };
  const error = await assertRejects(async () => gate.admit(await recall(revoked)), LoadError);
  assert(error.message.includes("is revoked"), error.message);
  const expired = { "/etc/allowed": ann.line('valid-before="20261210Z"'), "/etc/revoked": "" };
  const content = await recall(expired);
  assertEquals(new TextDecoder().decode(content.bytes), "archive one");
  await (await gate.admit(content)).commit();
  assertEquals([gate.status.version, gate.status.stale], [1, true]);
  // Another file of the same key is a new one.
  bench.keys = expired;
  assert(/it was valid until/.test(await bench.refusal(await release({ version: 2 }, [ann], bytes("b")))));
  await second.state.close();

  const off = await start(disk, { mode: "off" });
  const kept = await off.bench.gate.recall(1_000, () => Promise.resolve(new Map()));
  assertEquals(new TextDecoder().decode(kept!.bytes), "archive one");
});

Deno.test("TrustGate serves nothing in mode require that it cannot remember; otherwise it says so and serves", async () => {
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  const disk = new StateDisk();
  const failing: StateFileSystem = {
    ...disk,
    mkdir: (path) => isFull ? Promise.reject(full) : disk.mkdir(path),
    open: (path, options) => isFull && options?.create ? Promise.reject(full) : disk.open(path, options),
  };
  let isFull = false;
  const { bench, state } = await start(failing);
  await bench.serve(await release());
  isFull = true;
  const next = await release({ version: 2 }, [ann], bytes("b"));
  const error = await assertRejects(() => bench.serve(next), TransientError);
  assert(error.message.includes("No space left on device"), error.message);
  assertEquals(bench.gate.status.version, 1);
  assert(bench.gate.status.problems![0]!.includes("No space left on device"));
  isFull = false;
  await bench.serve(next);
  assertEquals([bench.gate.status.version, bench.gate.status.problems], [2, undefined]);
  await state.close();

  const { bench: lenient } = await start(failing, { mode: "off" });
  isFull = true;
  await lenient.serve({ file: bytes("c") });
  await lenient.serve({ file: bytes("d") });
  assertEquals(lenient.log.problems.length, 1);
  isFull = false;
  await lenient.serve({ file: bytes("e") });
  assertEquals(lenient.gate.status, { mode: "off" });
});
