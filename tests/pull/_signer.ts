import { assertEquals } from "@std/assert";
import { hash } from "node:crypto";
import type { SigningOptions } from "../../lib/pull/mod.ts";
import { judge, parseAllowedSigners, parseManifest } from "../../lib/trust/mod.ts";
import type { SshKeygen } from "../trust/_ssh_keygen.ts";

/** A day: ms. */
export const DAY = 86_400_000;

/** Options to sign for `plant-7` and 30 days with a key that a test has made. */
export async function signWith(keygen: SshKeygen, name: string): Promise<SigningOptions> {
  const key = {
    path: `${keygen.folder}/${name}`,
    fingerprint: await keygen.fingerprint(name),
    isUnattended: true,
  };
  return { key, audience: "plant-7", findNotAfter: (now) => now + 30 * DAY };
}

/** Holds a signed archive against OpenSSH and against what a relay asks; returns its manifest. */
export async function checkSet(
  path: string,
  keygen: SshKeygen,
  line: string,
  now: number,
): Promise<ReturnType<typeof parseManifest>> {
  const bytes = await Deno.readFile(path);
  const manifest = await Deno.readFile(`${path}.manifest.json`);
  const text = await Deno.readTextFile(`${path}.manifest.json.sig`);
  const allowed = `a@b namespaces="halyard-archive" ${line}\n`;
  assertEquals(await keygen.verifies(allowed, text, manifest), true);
  const keys = { signers: await parseAllowedSigners(allowed), cosignKeys: [], revoked: new Set<string>() };
  const verdict = await judge(
    {
      digest: hash("sha256", bytes),
      size: bytes.length,
      manifest,
      signatures: [{ name: "sig", form: "ssh", text }],
    },
    { namespace: "halyard-archive", keys, threshold: 1, audience: "plant-7" },
    { now, buildTime: 0 },
  );
  assertEquals([verdict.isGood, verdict.findings.filter(({ isMet }) => isMet === false)], [true, []]);
  return parseManifest(manifest);
}
