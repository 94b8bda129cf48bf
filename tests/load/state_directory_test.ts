import { assert, assertEquals, assertRejects } from "@std/assert";
import { hash } from "node:crypto";
import { type KeptFile, StateDirectory, StateError, type TrustRecord } from "../../lib/load/mod.ts";
import { Random } from "../../tools/simulate/random.ts";
import { Killed, StateDisk } from "../../tools/simulate/state_disk.ts";
import { makeLog } from "../_environments.ts";

const KIND = "halyard-archive";

function makeFiles(content: string): KeptFile[] {
  return ["flags.tar.gz", "flags.tar.gz.manifest.json"].map((name) => {
    const bytes = new TextEncoder().encode(`${name}: ${content}`);
    return { name, bytes, digest: hash("sha256", bytes) };
  });
}

function makeRecord(version: number): TrustRecord {
  return { mark: { epoch: 0, version, archiveSha256: "ab".repeat(32) } };
}

async function contentOf(state: StateDirectory): Promise<string | undefined> {
  const files = await state.readGood(1_000);
  return files && new TextDecoder().decode(files.get("flags.tar.gz")!.bytes);
}

/** Serves one release after the other, as a relay does. */
async function serve(state: StateDirectory, releases: readonly number[]): Promise<void> {
  for (const version of releases) {
    const id = await state.keep(makeFiles(`release ${version}`));
    await state.save(KIND, makeRecord(version), id);
  }
}

Deno.test("StateDirectory remembers across restarts what was saved, and nothing else", async () => {
  const path = `${await Deno.makeTempDir()}/state`;
  const log = makeLog();
  const first = await StateDirectory.open({ path, log });
  assertEquals([first.getRecord(KIND), await contentOf(first)], [{}, undefined]);
  await serve(first, [1, 2]);
  await first.keep(makeFiles("never served"));
  await first.discard(await first.keep(makeFiles("not good")));
  await first.close();
  const second = await StateDirectory.open({ path, log });
  assertEquals(second.getRecord(KIND), makeRecord(2));
  assertEquals(await contentOf(second), "flags.tar.gz: release 2");
  assertEquals((await Array.fromAsync(Deno.readDir(path))).length, 3, "the lock, the state, and one folder");
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
  await second.close();
  assertEquals(log.lines, []);
  await Deno.remove(path, { recursive: true });
});

Deno.test("StateDirectory holds one valid state whenever the process is killed, and whatever was not synced", async () => {
  const log = makeLog();
  const count = new StateDisk();
  await count.mkdir("/var");
  const calls = await StateDirectory.open({ path: "/var/state", log, fs: count }).then(async (state) => {
    await serve(state, [1, 2, 3]);
    return count.calls;
  });
  assert(calls > 60, `${calls} calls`);
  for (let killAt = 2; killAt <= calls; killAt++) {
    // Without a power failure, and with several.
    for (let seed = 0; seed < 8; seed++) {
      const disk = new StateDisk();
      await disk.mkdir("/var");
      await disk.open("/").then((file) => file.sync());
      disk.calls = 0;
      disk.killAt = killAt;
      let served = 0;
      try {
        const state = await StateDirectory.open({ path: "/var/state", log, fs: disk });
        for (const version of [1, 2, 3]) {
          await serve(state, [version]);
          served = version;
        }
      } catch (error) {
        assert((error as Error).cause instanceof Killed, `${error}`);
      }
      disk.restart(seed > 0 ? new Random(seed) : undefined);
      const state = await StateDirectory.open({ path: "/var/state", log, fs: disk });
      const { mark } = state.getRecord(KIND);
      const version = mark?.version ?? 0;
      // What was being saved when it was killed may have been saved.
      assert(version === served || version === served + 1, `call ${killAt}: ${version} after ${served}`);
      const expected = version === 0 ? undefined : `flags.tar.gz: release ${version}`;
      assertEquals(await contentOf(state), expected, `call ${killAt}, seed ${seed}`);
      // And it goes on.
      await serve(state, [4]);
      assertEquals(await contentOf(state), "flags.tar.gz: release 4");
      const names = await Array.fromAsync(disk.readDir("/var/state"), ({ name }) => name);
      assertEquals(names.length, 3, names.join());
    }
  }
  assertEquals(log.lines, []);
});

Deno.test("StateDirectory lets one relay at a time use it", async () => {
  const path = await Deno.makeTempDir();
  const log = makeLog();
  const state = await StateDirectory.open({ path, log });
  await assertRejects(
    () => StateDirectory.open({ path, log }),
    StateError,
    `Cannot use the state directory "${path}": another relay uses it`,
  );
  await state.close();
  await (await StateDirectory.open({ path, log })).close();
  await Deno.remove(path, { recursive: true });
});

Deno.test("StateDirectory begins anew where its state file is damaged, and says so", async () => {
  const damages = [
    "",
    "{",
    "{}",
    '{"format":2,"trust":{}}',
    '{"format":1,"trust":{},"good":"../../etc"}',
    [
      '{"format":1,"trust":{"halyard-archive":{"mark":{"epoch":0,"version":-1,"archiveSha256":"a"}}}}',
    ].join(),
    '{"format":1,"trust":{},"more":1}',
    " ".repeat(70_000),
  ];
  for (const damage of damages) {
    const path = await Deno.makeTempDir();
    const log = makeLog();
    const first = await StateDirectory.open({ path, log });
    await serve(first, [1]);
    await first.close();
    await Deno.writeTextFile(`${path}/state.json`, damage);
    const second = await StateDirectory.open({ path, log });
    assertEquals([second.getRecord(KIND), await contentOf(second)], [{}, undefined]);
    assert(log.lines.some((line) => line.includes("The state file is damaged")), log.lines.join());
    await serve(second, [2]);
    await second.close();
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("StateDirectory refuses an archive that has changed on the disk, and replaces it", async () => {
  const path = await Deno.makeTempDir();
  const log = makeLog();
  const state = await StateDirectory.open({ path, log });
  await serve(state, [1]);
  const folder = (await Array.fromAsync(Deno.readDir(path))).find(({ isDirectory }) => isDirectory);
  await Deno.writeTextFile(`${path}/${folder!.name}/flags.tar.gz`, "flags.tar.gz: release 9");
  await assertRejects(() => state.readGood(1_000), StateError, "is damaged");
  await serve(state, [1]);
  assertEquals(await contentOf(state), "flags.tar.gz: release 1");
  await assertRejects(() => state.readGood(3), StateError, "not a file of at most 3 bytes");
  await state.close();
  await Deno.remove(path, { recursive: true });
});

Deno.test("StateDirectory says why it cannot be used, and keeps what it had when a write fails", async () => {
  const log = makeLog();
  await assertRejects(
    () => StateDirectory.open({ path: "/nonexistent/a/b", log }),
    StateError,
    'Cannot use the state directory "/nonexistent/a/b": No such file',
  );
  const file = await Deno.makeTempFile();
  const error = await assertRejects(() => StateDirectory.open({ path: file, log }), StateError);
  assertEquals(error.hint, "set STATE_DIRECTORY ([State] directory) to a directory");
  await Deno.remove(file);

  const disk = new StateDisk();
  const state = await StateDirectory.open({ path: "/state", log, fs: disk });
  await serve(state, [1]);
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  let failures = 0;
  // Until no call of it is left to fail.
  for (let n = 1; failures === n - 1; n++) {
    disk.failure = { at: disk.calls + n, error: full };
    const version = n + 1;
    try {
      await serve(state, [version]);
      assertEquals(await contentOf(state), `flags.tar.gz: release ${version}`);
    } catch (error) {
      failures++;
      assert(error instanceof StateError);
      assertEquals(error.hint, "make room on the disk: it takes twice the archive");
      const { mark } = state.getRecord(KIND);
      assert(mark!.version < version || failures > 0);
      assertEquals(await contentOf(state), `flags.tar.gz: release ${mark!.version}`);
    }
  }
  assert(failures > 10, `${failures}`);
});

Deno.test("StateDirectory keeps the archive that its file names, though the directory could not be synced", async () => {
  const path = `${await Deno.makeTempDir()}/state`;
  let isRenamed = false;
  const first = await StateDirectory.open({
    path,
    log: makeLog(),
    fs: {
      lstat: Deno.lstat,
      mkdir: Deno.mkdir,
      readDir: Deno.readDir,
      remove: Deno.remove,
      async rename(from, to) {
        await Deno.rename(from, to);
        isRenamed = `${to}`.endsWith("state.json");
      },
      open: (name, options) =>
        isRenamed && name === path ? Promise.reject(new Error("no disk")) : Deno.open(name, options),
    },
  });
  const id = await first.keep(makeFiles("release 1"));
  await assertRejects(() => first.save(KIND, makeRecord(1), id), StateError, "no disk");
  await first.discard(id);
  await first.close();
  const second = await StateDirectory.open({ path, log: makeLog() });
  assertEquals([second.getRecord(KIND), await contentOf(second)], [
    makeRecord(1),
    "flags.tar.gz: release 1",
  ]);
  await second.close();
  await Deno.remove(path, { recursive: true });
});

Deno.test("StateDirectory removes nothing from a directory that is not its own", async () => {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(`${path}/${"ab".repeat(32)}`);
  await assertRejects(() => StateDirectory.open({ path, log: makeLog() }), StateError, "is not Halyard's");
  assertEquals(await Array.fromAsync(Deno.readDir(path), ({ name }) => name), ["ab".repeat(32)]);
  await Deno.remove(path, { recursive: true });
});
