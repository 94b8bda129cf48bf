import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Bytes } from "../../lib/trust/_bytes.ts";
import { parseAllowedSigners } from "../../lib/trust/allowed_signers.ts";
import { readCosignKey } from "../../lib/trust/cosign_bundle.ts";
import { parseManifest } from "../../lib/trust/manifest.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { makeBundle } from "./_bundle.ts";
import { makeToken } from "./_ssh_blobs.ts";
import { SshKeygen } from "./_ssh_keygen.ts";
import { decodeLeniently, encode, type Files, MANIFEST, verdictOf } from "./_verdict.ts";

const openSsh = new SshKeygen();
globalThis.addEventListener("unload", () => openSsh[Symbol.dispose]());

/** Every other value of every byte. */
const ALL = Array.from({ length: 255 }, (_, i) => i + 1);
/** Every flip of one bit. */
const BITS = [1, 2, 4, 8, 16, 32, 64, 128];

/** Changes one byte after the other, by exclusive or, and resolves to the changes with which a signature counts still. */
async function findTolerated(
  files: Files,
  name: "manifest" | "signature" | "allowedSigners",
  changesAt: (offset: number) => readonly number[] = () => ALL,
): Promise<{ offset: number; from: string; to: string }[]> {
  const expected = await verdictOf(files);
  assert(expected !== undefined);
  const bytes = files[name] as Bytes;
  const tolerated = [];
  for (const [offset, from] of bytes.entries()) {
    const verdicts = changesAt(offset).map(async (change) => {
      const verdict = await verdictOf({ ...files, [name]: bytes.with(offset, from ^ change) });
      return { offset, from: String.fromCharCode(from), to: String.fromCharCode(from ^ change), verdict };
    });
    tolerated.push(...(await Promise.all(verdicts)).filter(({ verdict }) => verdict !== undefined));
  }
  assertEquals(tolerated.filter(({ verdict }) => verdict !== expected), []);
  return tolerated;
}

const ED25519 = await openSsh.makeKey("key", "-t", "ed25519");
const SIGNED: Files = {
  manifest: MANIFEST,
  signature: encode(await openSsh.sign("key", MANIFEST)),
  form: "ssh",
  allowedSigners: await parseAllowedSigners(`a@b ${ED25519}\n`),
};

Deno.test("no signature counts for a manifest with one byte changed to any other", async () => {
  assertEquals(await findTolerated(SIGNED, "manifest"), []);
});

Deno.test("parseManifest() throws nothing but a TrustError, whatever byte is changed to any other", () => {
  for (const [offset, from] of MANIFEST.entries()) {
    for (const change of ALL) {
      try {
        parseManifest(MANIFEST.with(offset, from ^ change));
      } catch (error) {
        if (!(error instanceof TrustError)) throw error;
      }
    }
  }
});

Deno.test("a signature by ssh-ed25519 does not count with one byte of its file changed to any other", async () => {
  assertEquals(await findTolerated(SIGNED, "signature"), []);
});

const ecdsaToken = await makeToken("ecdsa");
const ed25519Token = await makeToken("ed25519");
const OTHERS: [type: string, sign: () => Promise<[key: string, signature: string]>][] = [
  ...[
    ["ecdsa-sha2-nistp256", "-t", "ecdsa", "-b", "256"],
    ["ecdsa-sha2-nistp384", "-t", "ecdsa", "-b", "384"],
    ["ecdsa-sha2-nistp521", "-t", "ecdsa", "-b", "521"],
    ["ssh-rsa", "-t", "rsa", "-b", "2048"],
  ].map(([type = "", ...args]): typeof OTHERS[number] => [
    type,
    async () => [await openSsh.makeKey(type, ...args), await openSsh.sign(type, MANIFEST)],
  ]),
  ...[ed25519Token, ecdsaToken].map(({ type, line, sign }): typeof OTHERS[number] => [
    type,
    async () => [line, await sign(MANIFEST)],
  ]),
];

for (const [type, sign] of OTHERS) {
  Deno.test(`a signature by ${type} does not count with one bit of its file flipped, or a line's end changed to any other byte`, async () => {
    const [key, signature] = await sign();
    const files = {
      ...SIGNED,
      signature: encode(signature),
      allowedSigners: await parseAllowedSigners(`a@b ${key}\n`),
    };
    const isAtEnd = (offset: number) => /\n/.test(signature.slice(Math.max(0, offset - 1), offset + 2));
    const tolerated = await findTolerated(files, "signature", (offset) => isAtEnd(offset) ? ALL : BITS);
    assertEquals(tolerated, []);
  });
}

/** Parts of a text, each with what a byte of it may be changed to without a difference to the verdict. */
type Parts = [text: string, mayBecome: (from: string, to: string) => boolean][];

const never = () => false;
const isShown = (_: string, to: string) => to === "\t" || to >= " " && to !== "\x7f";
const isBlank = (_: string, to: string) => /[ \t]/.test(to);
const isOtherCase = (from: string, to: string) => from.toLowerCase() === to.toLowerCase();

/** Asserts that changes to the parts are tolerated where they may be and nowhere else, and somewhere in each part that has some. */
async function assertTolerates(
  files: Files,
  name: "signature" | "allowedSigners",
  parts: Parts,
): Promise<void> {
  const places = parts.flatMap(([text, mayBecome], part) => [...text].map(() => ({ part, mayBecome })));
  const tolerated = await findTolerated(files, name);
  const bad = tolerated.filter(({ offset, from, to }) => !places[offset]!.mayBecome(from, to));
  assertEquals(bad, []);
  const found = new Set(tolerated.map(({ offset }) => places[offset]!.part));
  const expected = new Set(parts.flatMap(([, mayBecome], part) => mayBecome === never ? [] : [part]));
  assertEquals(found, expected);
}

Deno.test("allowed_signers with one byte changed to any other allow nobody else, and mean the same where they allow", async () => {
  // A date or a pattern that is another may still allow what the first one did; everything else is names, comments and blanks.
  const date = (_: string, to: string) => /\d/.test(to);
  const parts: Parts = [
    ["#", never],
    [" who may sig", isShown],
    ["n", (_, to) => isShown(_, to) || /[\r\n]/.test(to)],
    ["\n", never],
    ["r", (_, to) => isShown(_, to) && !/["!]/.test(to) || to === "\n"],
    ["elease@cor", (_, to) => isShown(_, to) && !/[ \t"]/.test(to)],
    ["p", (_, to) => isShown(_, to) && to !== '"'],
    [" ", isBlank],
    ["namespaces", isOtherCase],
    ['="', never],
    ["halyard-archive", (_, to) => /[*?]/.test(to)],
    ['",', never],
    ["valid-after", isOtherCase],
    ['="', never],
    ["20260101", date],
    ['Z",', never],
    ["valid-before", isOtherCase],
    ['="', never],
    ["20271231", date],
    ['Z"', never],
    [" ", isBlank],
    [ED25519.split(" ")[0]!, never],
    [" ", isBlank],
    [ED25519.split(" ")[1]!, never],
    [" ", isBlank],
    ["a commen", isShown],
    ["t", (_, to) => isShown(_, to) || /[\r\n]/.test(to)],
    ["\n", isShown],
  ];
  const allowedSigners = encode(parts.map(([text]) => text).join(""));
  await assertTolerates({ ...SIGNED, allowedSigners }, "allowedSigners", parts);
});

Deno.test("a bundle of cosign does not count with one byte changed to any other but in its hint and between its parts", async () => {
  await openSsh.makeKey("cosign", "-t", "ecdsa", "-b", "256", "-m", "PKCS8");
  const privateKey = await Deno.readTextFile(`${openSsh.folder}/cosign`);
  const text = `${JSON.stringify(makeBundle(MANIFEST, privateKey), null, 1)}\n`;
  const isSpace = (_: string, to: string) => /[ \t\r\n]/.test(to);
  const isInString = (_: string, to: string) => to >= " " && to !== '"';
  const parts = text.split(/(\s+|(?<=")hint(?=")|(?<=")a hint(?="))/).map((part): Parts[number] => [
    part,
    /^\s/.test(part) ? isSpace : /hint$/.test(part) ? isInString : never,
  ]);
  const cosignKeys = [await readCosignKey(await openSsh.pem("cosign"))];
  const files: Files = { ...SIGNED, signature: encode(text), form: "cosign", allowedSigners: [], cosignKeys };
  await assertTolerates(files, "signature", parts);
});

Deno.test("readCosignKey() refuses a key with one bit of its file flipped", async () => {
  await openSsh.makeKey("pem", "-t", "ecdsa", "-b", "256");
  const bytes = encode(await openSsh.pem("pem"));
  for (const [offset, from] of bytes.entries()) {
    for (const change of BITS) {
      await assertRejects(
        () => readCosignKey(decodeLeniently(bytes.with(offset, from ^ change))),
        TrustError,
        "",
        `bit ${change} of byte ${offset}`,
      );
    }
  }
});
