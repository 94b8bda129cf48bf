import { assert, assertEquals } from "@std/assert";
import { type Bytes, concat } from "../../lib/trust/_bytes.ts";
import { parseAllowedSigners } from "../../lib/trust/allowed_signers.ts";
import { readCosignKey } from "../../lib/trust/cosign_bundle.ts";
import { parseManifest } from "../../lib/trust/manifest.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { Random } from "../../tools/simulate/random.ts";
import { runs } from "../_nightly.ts";
import { makeBundle } from "./_bundle.ts";
import { armour, decode, makeToken } from "./_ssh_blobs.ts";
import { SshKeygen } from "./_ssh_keygen.ts";
import { decodeLeniently, encode, type Files, MANIFEST, verdictOf } from "./_verdict.ts";

/** Number of mutations. Each has a seed of its own: its number. */
const MUTATIONS = runs(100_000);

/** How many mutations run at a time: WebCrypto works in threads. */
const AT_A_TIME = 100;

const openSsh = new SshKeygen();
globalThis.addEventListener("unload", () => openSsh[Symbol.dispose]());

/** Two files of one kind: both good, the second with another meaning. */
type Pair = readonly [Bytes, Bytes];

const OTHER = encode(decodeLeniently(MANIFEST).replace('"version":42', '"version":43'));
const MANIFESTS: Pair = [MANIFEST, OTHER];

/** Signatures of both manifests by a new key, and its line. */
async function signBoth(name: string, ...args: string[]): Promise<{ line: string; signatures: Pair }> {
  const line = `${name}@corp ${await openSsh.makeKey(name, ...args)}`;
  const [first, second] = [await openSsh.sign(name, MANIFEST), await openSsh.sign(name, OTHER)];
  return { line, signatures: [encode(first), encode(second)] };
}

const ed25519 = await signBoth("ed25519", "-t", "ed25519");
const token = await makeToken("ed25519");
const tokenSigned = {
  line: `token@corp ${token.line}`,
  signatures: [encode(await token.sign(MANIFEST)), encode(await token.sign(OTHER))],
} as const;
const slow = [
  await signBoth("p256", "-t", "ecdsa", "-b", "256", "-m", "PKCS8"),
  await signBoth("p521", "-t", "ecdsa", "-b", "521"),
  await signBoth("rsa", "-t", "rsa", "-b", "2048"),
];
const LINES = [ed25519, tokenSigned, ...slow].map(({ line }) => line);
const ALLOWED: Pair = [
  encode(`# all\n${LINES.join("\n")}\n`),
  encode(
    LINES.map((line) => line.replace(" ", ' namespaces="halyard-*",valid-after="20260101Z" ')).join("\r\n"),
  ),
];
const SIGNERS = await parseAllowedSigners(decodeLeniently(ALLOWED[0]));
const privateKey = await Deno.readTextFile(`${openSsh.folder}/p256`);
const BUNDLES: Pair = [
  encode(JSON.stringify(makeBundle(MANIFEST, privateKey))),
  encode(JSON.stringify(makeBundle(OTHER, privateKey), null, 2)),
];
const PEM = encode(await openSsh.pem("p256"));
const PEMS: Pair = [
  PEM,
  encode(await openSsh.makeKey("other", "-t", "ecdsa").then(() => openSsh.pem("other"))),
];
const COSIGN_KEYS = [await readCosignKey(decodeLeniently(PEM))];

function mutate([first, second]: Pair, random: Random): Bytes {
  let bytes = first;
  for (let i = random.pick([1, 1, 1, 2, 3]); i > 0; i--) {
    const at = random.integer(0, bytes.length);
    const until = Math.min(bytes.length, at + random.pick([1, 1, 2, 4, 16, 64]));
    const [head, part, tail] = [bytes.slice(0, at), bytes.slice(at, until), bytes.slice(until)];
    const byte = () =>
      new Uint8Array([random.pick([random.integer(0, 255), 0, 0x0a, 0x0d, 0x20, 0x2f, 0x80, 0xff])]);
    bytes = random.pick([
      () => part.length > 0 ? concat(head, part.with(0, part[0]! ^ 1 << random.integer(0, 7)), tail) : head,
      () => concat(head, byte(), part.slice(1), tail),
      () => concat(head, byte(), part, tail),
      () => concat(head, tail),
      () => concat(head, part, part, tail),
      () => concat(head, second.slice(random.integer(0, second.length))),
      () => concat(head, second.slice(at, until), tail),
      () => head,
    ])();
  }
  return bytes;
}

/** Mutates what is inside the armour of a signature. */
function mutateBlob(signatures: Pair, random: Random): Bytes {
  const [first, second] = signatures.map((bytes) => decode(decodeLeniently(bytes)));
  return encode(armour(mutate([first!, second!], random)));
}

/** Mutates the DER of a bundle's signature. */
function mutateDer(random: Random): Bytes {
  const [first, second] = BUNDLES.map((bytes) => JSON.parse(decodeLeniently(bytes)));
  const [der, other] = [first, second].map(({ messageSignature: { signature } }) =>
    Uint8Array.fromBase64(signature)
  );
  return encode(JSON.stringify(makeBundle(MANIFEST, privateKey, mutate([der!, other!], random))));
}

/** Mutates the key of a line of allowed_signers, in binary. */
function mutateKey(random: Random): Bytes {
  const [names, type, base64 = ""] = random.pick(LINES).split(" ");
  const key = Uint8Array.fromBase64(base64);
  return encode(`${names} ${type} ${mutate([key, key.toReversed()], random).toBase64()}\n`);
}

const SSH: Files = {
  manifest: MANIFEST,
  signature: ed25519.signatures[0],
  form: "ssh",
  allowedSigners: SIGNERS,
};
const COSIGN: Files = { ...SSH, signature: BUNDLES[0], form: "cosign", cosignKeys: COSIGN_KEYS };

/** What became of a mutation. */
interface Outcome {
  /** Whether it is accepted. */
  counts: boolean;
  /** Whether it means what it did before, so may be accepted. */
  isSame: boolean;
}

/** A kind of mutation: how many of a hundred are of it. */
type Kind = [share: number, run: (random: Random) => Promise<Outcome>];

/** A signature has one text, but for the breaks of its lines. */
async function judgeSignature(signature: Bytes, made: Bytes): Promise<Outcome> {
  return { counts: await counts({ ...SSH, signature }), isSame: isSameText(signature, made) };
}

/** A bundle may differ in what is ignored. */
async function judgeBundle(signature: Bytes): Promise<Outcome> {
  const bundle = await counts({ ...COSIGN, signature }) && JSON.parse(decodeLeniently(signature));
  const { messageSignature } = JSON.parse(decodeLeniently(BUNDLES[0]));
  const isSame = bundle && JSON.stringify(bundle.messageSignature) === JSON.stringify(messageSignature);
  return { counts: Boolean(bundle), isSame };
}

async function counts(files: Files): Promise<boolean> {
  return await verdictOf(files) !== undefined;
}

function isSameText(...files: Bytes[]): boolean {
  return new Set(files.map((file) => decodeLeniently(file).replaceAll(/\r?\n/g, ""))).size === 1;
}

/** Whether a reader accepts something. Whatever else than a TrustError it throws is thrown on. */
async function accepts(read: () => unknown): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return false;
  }
}

const KINDS: Record<string, Kind> = {
  "a signature's armour": [
    30,
    (random) => judgeSignature(mutate(ed25519.signatures, random), ed25519.signatures[0]),
  ],
  "a signature's blob": [
    20,
    (random) => judgeSignature(mutateBlob(ed25519.signatures, random), ed25519.signatures[0]),
  ],
  "a security key's blob": [
    8,
    (random) => judgeSignature(mutateBlob(tokenSigned.signatures, random), tokenSigned.signatures[0]),
  ],
  "another key's blob": [2, (random) => {
    const { signatures } = random.pick(slow);
    return judgeSignature(mutateBlob(signatures, random), signatures[0]);
  }],
  "a bundle": [8, (random) => judgeBundle(mutate(BUNDLES, random))],
  "a bundle's DER": [2, (random) => judgeBundle(mutateDer(random))],
  "a signed manifest": [8, async (random) => {
    const manifest = mutate(MANIFESTS, random);
    return { counts: await counts({ ...SSH, manifest }), isSame: manifest.toHex() === MANIFEST.toHex() };
  }],
  "a manifest alone": [8, async (random) => {
    const manifest = mutate(MANIFESTS, random);
    return { counts: await accepts(() => parseManifest(manifest)), isSame: true };
  }],
  "allowed_signers": [9, async (random) => {
    const allowedSigners = mutate(ALLOWED, random);
    const isSame = decodeLeniently(allowedSigners).includes(ed25519.line.split(" ").slice(1).join(" "));
    return { counts: await counts({ ...SSH, allowedSigners }), isSame };
  }],
  "the key of a line": [4, async (random) => {
    const allowedSigners = mutateKey(random);
    const isSame = decodeLeniently(allowedSigners) === `${ed25519.line}\n`;
    return { counts: await counts({ ...SSH, allowedSigners }), isSame };
  }],
  "a key of cosign": [1, async (random) => {
    const pem = mutate(PEMS, random);
    const isSame = PEMS.some((good) => isSameText(pem, good));
    return { counts: await accepts(() => readCosignKey(decodeLeniently(pem))), isSame };
  }],
};

Deno.test(`of ${MUTATIONS} mutated signatures, manifests, bundles and keys none means something else and counts, and nothing but a TrustError is thrown`, async () => {
  const kinds = Object.entries(KINDS).flatMap(([name, [share, run]]) =>
    Array.from({ length: share }, () => ({ name, run }))
  );
  const accepted = new Set<string>();
  const refused = new Set<string>();
  for (let start = 0; start < MUTATIONS; start += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, async (_, i) => {
      const random = new Random(start + i);
      const { name, run } = random.pick(kinds);
      const outcome = await run(random).catch((error) => error);
      const isRight = !(outcome instanceof Error) && (!outcome.counts || outcome.isSame);
      assert(isRight, `Seed ${start + i}, ${name}: ${Deno.inspect(outcome)}`);
      (outcome.counts ? accepted : refused).add(name);
    }));
  }
  const all = new Set(Object.keys(KINDS));
  assertEquals([accepted, refused], [all, all]);
});
