import { assert, assertEquals, assertRejects } from "@std/assert";
import { IncompleteError, LoadError } from "../../lib/source/mod.ts";
import type { Bytes } from "../../lib/trust/mod.ts";
import { makeManifest, makeRelease, type Release } from "../trust/_signer.ts";
import { ALLOWED, ann, Bench, bob, bytes, eve, FILE, release } from "./_trust_bench.ts";

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
