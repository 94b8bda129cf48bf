import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeRelease, type ManifestFields, type Release, Signer } from "../trust/_signer.ts";
import { constantFlag, packArchive } from "./_archive.ts";
import { SDKS, USER, waitForValue } from "./_clients.ts";
import { freePort, FROM_SOURCE, halyardCommand, type RelayProcess, startRelay as start } from "./_relay.ts";

const HOUR = 3_600_000;

/** Starts a relay from source: an executable is built for one state directory. */
function startRelay(env: Record<string, string>, permissions = FROM_SOURCE): Promise<RelayProcess> {
  return start({ env, permissions });
}

const time = (offset: number) => new Date(Date.now() + offset).toISOString();

/** A site: a folder that a carrier copies to, keys, and a state directory. */
class Site implements AsyncDisposable {
  readonly signer: Signer;
  readonly folder: string;

  private constructor(signer: Signer, folder: string) {
    this.signer = signer;
    this.folder = folder;
  }

  static async create(): Promise<Site> {
    const site = new Site(await Signer.create(), await Deno.makeTempDir({ prefix: "halyard-trust-" }));
    await Deno.mkdir(`${site.folder}/in`);
    await Deno.writeTextFile(
      `${site.folder}/allowed_signers`,
      site.signer.line('namespaces="halyard-*"'),
    );
    return site;
  }

  get path(): string {
    return `${this.folder}/in/flags.tar.gz`;
  }

  get env(): Record<string, string> {
    return {
      FILE_DATA_SOURCE: this.path,
      FILE_DATA_SOURCE_MONITORING_INTERVAL: "200ms",
      TRUST_MODE: "require",
      TRUST_ALLOWED_SIGNERS: `${this.folder}/allowed_signers`,
      TRUST_AUDIENCE: "plant-7",
      STATE_DIRECTORY: `${this.folder}/state`,
    };
  }

  /** Makes a release in which everybody gets `value` of flag `f`. */
  async release(value: unknown, version: number, fields: ManifestFields = {}): Promise<Release> {
    const archive = await packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
    const times = { created: time(-HOUR), notAfter: time(720 * HOUR) };
    return await makeRelease(archive, [this.signer], { version, ...times, ...fields });
  }

  /** Copies a release, in no good order. */
  async carry({ file, manifest, signatures: [signature] }: Release): Promise<void> {
    await this.#replace(`${this.path}.manifest.json.sig`, new TextEncoder().encode(signature));
    await this.#replace(this.path, file);
    await this.#replace(`${this.path}.manifest.json`, manifest);
  }

  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    await Deno.writeFile(`${path}.new`, bytes);
    await Deno.rename(`${path}.new`, path);
  }

  /** Puts a signed file of overrides there, which gives everybody `value` of flag `f`. */
  async override(value: unknown, version: number, namespace = "halyard-overrides"): Promise<void> {
    const file = new TextEncoder().encode(
      JSON.stringify({ environments: { e1: { flagValues: { f: value } } } }),
    );
    const times = { created: time(-HOUR), notAfter: time(720 * HOUR) };
    const release = await makeRelease(file, [this.signer], { version, ...times }, namespace);
    const path = `${this.folder}/overrides.json`;
    await this.#replace(`${path}.manifest.json`, release.manifest);
    await this.#replace(`${path}.manifest.json.sig`, new TextEncoder().encode(release.signatures[0]));
    await this.#replace(path, release.file);
  }

  /** Takes away all that was carried. */
  async empty(): Promise<void> {
    await Deno.remove(`${this.folder}/in`, { recursive: true });
    await Deno.mkdir(`${this.folder}/in`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What these tests look at in the status of a relay. */
interface Status {
  dataFile: { lastError: { message: string }; isLastKnownGood?: boolean };
  trust: Trust;
  overrides: { trust: Trust };
}

interface Trust {
  mode: string;
  version: number;
  stale: boolean;
  signers: { principals: string }[];
  problems: string[];
}

/** Waits for a status: other threads are told how the relay stands a moment later. */
async function waitForStatus(url: string, isMeant: (status: Status) => boolean): Promise<Status> {
  for (let tries = 250; tries > 0; tries--) {
    const status = await getStatus(url);
    if (isMeant(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The status stays ${JSON.stringify(await getStatus(url))}`);
}

async function getStatus(url: string): Promise<Status> {
  return await (await fetch(`${url}/status`)).json();
}

async function getValue(url: string): Promise<unknown> {
  const response = await fetch(`${url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
  return (await response.json()).flags.f.variations[1];
}

for (const THREADS of ["1", "2"]) {
  Deno.test(`SDKs get what is signed, keep it when an older or tampered archive comes, and get it again after a restart without one, from ${THREADS} threads`, async () => {
    await using site = await Site.create();
    const env = { ...site.env, THREADS };
    await site.carry(await site.release("two", 2));
    const sdk = SDKS[0]!;
    {
      await using relay = await startRelay(env);
      const client = sdk.connect(relay.url, "sdk-e1");
      await client.waitForInitialization({ timeout: 10 });
      assertEquals(await client.variation("f", USER, "default"), "two");

      await site.carry(await site.release("one", 1));
      assertStringIncludes(
        await relay.waitFor("Data file reload failed, serving the previous data"),
        "release: version 1 is older: version 2 has been served",
      );
      const tampered = await site.release("three", 3);
      tampered.file = (await site.release("evil", 3)).file;
      await site.carry(tampered);
      assertStringIncludes(
        await relay.waitFor("Data file reload failed, serving the previous data"),
        "content: the manifest is for another file",
      );
      assertEquals(await client.variation("f", USER, "default"), "two");
      const { trust } = await waitForStatus(
        relay.url,
        ({ dataFile }) => dataFile.lastError.message.includes("content: "),
      );
      assertEquals([trust.mode, trust.version, trust.stale, trust.signers[0]!.principals], [
        "require",
        2,
        false,
        "release@corp",
      ]);

      await site.carry(await site.release("four", 4));
      await relay.waitFor("Reloaded data");
      await waitForValue([client], "four", "f");
      await client.close();
    }
    await site.empty();
    await using relay = await startRelay(env);
    assert(
      relay.errors.some((line) => line.includes("Serving the last known good archive")),
      relay.lines.join("\n"),
    );
    const client = sdk.connect(relay.url, "sdk-e1");
    await client.waitForInitialization({ timeout: 10 });
    assertEquals(await client.variation("f", USER, "default"), "four");
    await client.close();
    const ready = await fetch(`${relay.url}/health/ready`);
    assertEquals(ready.status, 200);
    assertStringIncludes(await ready.text(), "the last known good archive is served");
    // The way back is barred for the next process too.
    await site.carry(await site.release("three", 3));
    assertStringIncludes(await relay.waitFor("Data file reload failed"), "version 4 has been served");
    await site.carry(await site.release("five", 5));
    await relay.waitFor("Reloaded data");
    await waitForStatus(relay.url, ({ dataFile }) => !dataFile.isLastKnownGood);
  });
}

Deno.test("a relay that is killed while it takes one release after the other serves the last one, or the one before, after a restart", async () => {
  await using site = await Site.create();
  const releases = await Promise.all(Array.from({ length: 40 }, (_, i) => site.release(`v${i}`, i)));
  let next = 0;
  for (let round = 0; round < 6; round++) {
    await site.carry(releases[next]!);
    let last: number;
    {
      await using relay = await startRelay(site.env);
      const until = next + 6;
      while (next < until) {
        await site.carry(releases[++next]!);
        await new Promise((resolve) => setTimeout(resolve, 60 + 50 * round));
      }
      last = Number((await getValue(relay.url) as string).slice(1));
      await relay.stop("SIGKILL");
    }
    await site.empty();
    await using relay = await startRelay(site.env);
    const served = Number((await getValue(relay.url) as string).slice(1));
    assert(served >= last && served <= next, `${served} after ${last} of ${next}`);
    assertEquals((await getStatus(relay.url)).trust.version, served);
  }
});

/** Runs a relay that cannot start; gives what it says. */
async function fail(env: Record<string, string>, permissions = FROM_SOURCE): Promise<string> {
  const { code, stderr } = await halyardCommand({ env: { PORT: `${freePort()}`, ...env }, permissions })
    .output();
  assertEquals(code, 1);
  return new TextDecoder().decode(stderr);
}

Deno.test("a relay does not start with what is not signed, nor with a state directory that it cannot have, and says why", async () => {
  await using site = await Site.create();
  const { env } = site;
  await site.carry(await site.release("one", 1, { audience: "plant-8" }));
  assertStringIncludes(await fail(env), 'audience: for "plant-8", not for "plant-7"');
  await site.carry({
    ...await site.release("one", 1),
    signatures: [await (await Signer.create()).sign(new Uint8Array())],
  });
  assertMatch(await fail(env), /Refused data file ".*": signatures: 0 of 1 that are needed/);
  assertStringIncludes(
    await fail({ ...env, STATE_DIRECTORY: "/var/lib/a:/var/lib/b" }),
    "these are several paths",
  );
  assertStringIncludes(
    await fail({ ...env, STATE_DIRECTORY: "/proc/halyard" }),
    "Cannot use the state directory",
  );
  assertStringIncludes(await fail({ ...env, TRUST_ALLOWED_SIGNERS: "" }), "without anybody who may sign");
  await site.carry(await site.release("one", 1));
  const readOnly = ["--allow-net", "--allow-read", "--allow-env", "--allow-sys"];
  assertStringIncludes(
    await fail(env, readOnly),
    `add --allow-read="${env["STATE_DIRECTORY"]}" --allow-write=`,
  );
  await using relay = await startRelay(env);
  assertStringIncludes(await fail(env), "another relay uses it");
  assertEquals(await getValue(relay.url), "one");
});

Deno.test("a relay in mode warn serves what is not signed, with a warning, and one in mode off writes nothing without a state directory", async () => {
  await using site = await Site.create();
  await site.carry({ ...await site.release("one", 1), manifest: new Uint8Array() });
  {
    await using relay = await startRelay({ ...site.env, TRUST_MODE: "warn" });
    assertEquals(await getValue(relay.url), "one");
    assert(relay.lines.some((line) => line.includes("TRUST_MODE=require would refuse the data file")));
    assertStringIncludes((await getStatus(relay.url)).trust.problems[0]!, "signatures: ");
  }
  const permissions = ["--allow-net", "--allow-read", "--allow-env", "--allow-sys", "--deny-write"];
  await using relay = await startRelay({ FILE_DATA_SOURCE: site.path }, permissions);
  assertEquals<unknown>((await getStatus(relay.url)).trust, { mode: "off" });
});

Deno.test("a relay in mode off keeps the last good archive in its state directory too", async () => {
  await using site = await Site.create();
  const env = { FILE_DATA_SOURCE: site.path, STATE_DIRECTORY: `${site.folder}/state` };
  await Deno.writeFile(site.path, (await site.release("one", 1)).file);
  {
    await using relay = await startRelay(env);
    assertEquals(await getValue(relay.url), "one");
  }
  await Deno.writeTextFile(site.path, "no archive");
  // So old that no copy can be under way.
  await Deno.utime(site.path, 0, 0);
  await using relay = await startRelay(env);
  assertEquals(await getValue(relay.url), "one");
});

Deno.test("overrides need a signature of their own, and none that is older than one before, across restarts", async () => {
  await using site = await Site.create();
  const env = { ...site.env, OVERRIDES_FILE: `${site.folder}/overrides.json` };
  await site.carry(await site.release("archive", 1));
  async function getValue(url: string): Promise<unknown> {
    const response = await fetch(`${url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
    const { variations, fallthrough } = (await response.json()).flags.f;
    return variations[fallthrough.variation];
  }
  {
    await using relay = await startRelay(env);
    assertEquals(await getValue(relay.url), "archive");
    await site.override("two", 2);
    await relay.waitFor("Loaded overrides");
    assertEquals(await getValue(relay.url), "two");
    const { trust: { version, signers } } = (await getStatus(relay.url)).overrides;
    assertEquals([version, signers[0]!.principals], [2, "release@corp"]);
    await site.override("one", 1);
    const line = await relay.waitFor("Overrides file reload failed");
    assertStringIncludes(line, "release: version 1 is older: version 2 has been served");
    await site.override("three", 3, "halyard-archive");
    assertStringIncludes(await relay.waitFor("Overrides file reload failed"), "not for halyard-overrides");
    assertEquals(await getValue(relay.url), "two");
    await site.override("three", 3);
    await relay.waitFor("Reloaded overrides");
    assertEquals(await getValue(relay.url), "three");
  }
  await site.override("two", 2);
  assertStringIncludes(await fail(env), "version 3 has been served");
  await site.override("three", 3);
  // Without the archive: the last known good one, and the overrides over it.
  await site.empty();
  await using relay = await startRelay(env);
  assertEquals(await getValue(relay.url), "three");
  await Deno.remove(env.OVERRIDES_FILE);
  await relay.waitFor("Overrides have ended");
  assertEquals(await getValue(relay.url), "archive");
});
