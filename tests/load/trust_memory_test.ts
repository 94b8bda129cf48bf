import { assert, assertEquals, assertRejects } from "@std/assert";
import { StateDirectory, type StateFileSystem } from "../../lib/load/mod.ts";
import { type FileContent, LoadError, TransientError } from "../../lib/source/mod.ts";
import { StateDisk } from "../../tools/simulate/state_disk.ts";
import { makeLog } from "../_environments.ts";
import { CREATED } from "../trust/_signer.ts";
import { ann, Bench, bob, bytes, DAY, release, start } from "./_trust_bench.ts";

Deno.test("TrustGate says that the file could not be kept for as long as it is so", async () => {
  const disk = new StateDisk();
  await disk.mkdir("/var");
  let isBroken = false;
  const fs: StateFileSystem = {
    ...disk,
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

Deno.test("TrustGate in mode warn serves an older release that breaks another rule, and does not spend the permission on it", async () => {
  const { bench } = await start(new StateDisk(), {
    mode: "warn",
    allowRollbackUntil: CREATED + 2 * DAY,
  });
  await bench.serve(await release({ version: 5 }, [ann], bytes("five")));
  await bench.serve(await release({ version: 3, audience: "plant-8" }, [ann], bytes("elsewhere")));
  assertEquals(bench.gate.status.problems, ['audience: for "plant-8", not for "plant-7"']);
  assertEquals(bench.log.problems.filter((line) => line.includes("audit=rollback")), []);
  await bench.serve(await release({ version: 3 }, [ann], bytes("three")));
  assertEquals([bench.gate.status.version, bench.gate.status.problems], [3, undefined]);
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
