import { assert, assertEquals } from "@std/assert";
import { constants, createPrivateKey, sign } from "node:crypto";
import { type Bytes, concat, sshString } from "../../lib/trust/_bytes.ts";
import { parseAllowedSigners } from "../../lib/trust/allowed_signers.ts";
import { verifySignatures } from "../../lib/trust/signers.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { armour, decode, type Fields, frame, signedBytes, text } from "./_ssh_blobs.ts";
import { SshKeygen } from "./_ssh_keygen.ts";
import { encode } from "./_verdict.ts";

const MESSAGE = encode('{"format":1}\n');
const NOW = Date.UTC(2026, 6, 1, 12);
const openSsh = new SshKeygen();
globalThis.addEventListener("unload", () => openSsh[Symbol.dispose]());

const KEY = await openSsh.makeKey("key", "-t", "ed25519");
const SIGNED = await openSsh.sign("key", MESSAGE);
const BLOB = Uint8Array.fromBase64(KEY.split(" ")[1]!);

/** What there is to agree on. */
interface Case {
  /** The lines. @default {one that allows everything} */
  allowed?: string;
  /** A signature of the message. @default {by the key of that line} */
  signature?: string;
  /** When: ms since 1970. @default {the middle of 2026} */
  now?: number;
  /** What is said to be signed. @default {what all sign here} */
  message?: Bytes;
}

async function isAccepted(
  { allowed = `a@b ${KEY}\n`, signature = SIGNED, now = NOW, message = MESSAGE }: Case,
): Promise<boolean> {
  try {
    const keys = { signers: await parseAllowedSigners(allowed), cosignKeys: [], revoked: new Set<string>() };
    const files = [{ name: "signature", form: "ssh", text: signature }] as const;
    const { signers } = await verifySignatures(message, files, keys, "halyard-archive", now);
    return signers.length > 0;
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return false;
  }
}

async function assertVerdicts(
  what: string,
  { allowed = `a@b ${KEY}\n`, signature = SIGNED, now = NOW, message = MESSAGE }: Case,
  ours: boolean,
  openSshs = ours,
): Promise<void> {
  const verdicts = [
    await isAccepted({ allowed, signature, now, message }),
    await openSsh.verifies(allowed, signature, message, now),
  ];
  assertEquals([what, ...verdicts], [what, ours, openSshs]);
  // The one way to be looser.
  assert(openSshs || !ours || what === "CRLF", `${what}: this must not be accepted, as OpenSSH refuses it`);
}

/** Options of a line; whether both accept it; if OpenSSH does and we do not, why. */
const OPTIONS: [options: string, accepted: boolean, whyStricter?: string][] = [
  ['namespaces="halyard-archive"', true],
  ['NameSpaces="halyard-archive"', true],
  ['namespaces="*"', true],
  ['namespaces="halyard-archive**"', true],
  ['namespaces="halyard*-"', false],
  ['namespaces="**-?rchiv*e"', true],
  ['namespaces="*-archive,git"', true],
  ['namespaces="!git,*"', true],
  ['namespaces="*,!halyard-*"', false],
  ['namespaces="!halyard-archive"', false],
  ['namespaces="!git"', false],
  ['namespaces="!!halyard-archive,*"', true],
  ['namespaces="Halyard-archive"', false],
  ['namespaces="halyard-archive "', false],
  ['namespaces="git, halyard-archive"', false],
  ['namespaces=",halyard-archive,"', true],
  ['namespaces="halyard-archive?"', false],
  ['namespaces="halyard-archive\\"', false],
  ['namespaces="halyard-archive\\\\"', false],
  ['namespaces="x\\",halyard-archive"', true, "no namespace has a quote or a backslash"],
  ["namespaces=halyard-archive", false],
  ['namespaces="halyard-archive",', false],
  ['namespaces="halyard-archive",,valid-after="20200101"', true, "an option is missing between the commas"],
  [',namespaces="halyard-archive"', true, "an option is missing before the comma"],
  ['namespaces="halyard-archive" valid-after="20200101"', false],
  ['namespaces="halyard-archive"valid-after="20200101"', false],
  [`namespaces="${"x".repeat(2000)},halyard-archive"`, false],
  [`namespaces="halyard-archive,${"x".repeat(2000)}"`, false],
  [`namespaces="${"x,".repeat(900)}halyard-archive"`, true, "values have a limit"],
  ['valid-after="20260701120000Z"', true],
  ['valid-after="20260701120001Z"', false],
  ['valid-before="20260701120000Z"', true],
  ['valid-before="20260701115959Z"', false],
  ['VALID-AFTER="20260701Z",Valid-Before="20260702Z"', true],
  ['valid-after="202607011200Z"', true],
  ['valid-after="202607011201Z"', false],
  ['valid-after="20260101Z",valid-before="20260101Z"', false],
  ['valid-after="20260101z"', true, "one form of the zone is enough"],
  ['valid-after="20260101UTC"', true, "one form of the zone is enough"],
  ['valid-after="20260230Z"', true, "there is no 30th of February"],
  ['valid-after="20260101000060Z"', true, "a minute has no sixtieth second"],
  ['valid-after="2026 101Z"', true, "months have two digits"],
  ['valid-after="202601010000000Z"', false],
  ['valid-after="19691231Z"', false],
  ['valid-before="00500101Z"', false],
  ['valid-after=""', false],
  ["valid-after", false],
  ['valid-after="20200101Z",valid-after="20200101Z"', false],
  ['cert-authority,namespaces="halyard-archive"', false],
  ['no-touch-required,namespaces="halyard-archive"', false],
];

Deno.test("options of allowed_signers mean what OpenSSH makes of them, or are refused", async () => {
  for (const [options, accepted, whyStricter] of OPTIONS) {
    const ours = accepted && whyStricter === undefined;
    await assertVerdicts(options, { allowed: `a@b ${options} ${KEY}\n` }, ours, accepted);
  }
});

const [TYPE, BASE64] = KEY.split(" ");
const FILES: [allowed: string, accepted: boolean, whyStricter?: string][] = [
  [`a@b namespaces="git" ${KEY}\na@b ${KEY}\n`, true],
  [`a@b valid-before="20200101Z" ${KEY}\na@b valid-after="20200101Z" ${KEY}\n`, true],
  [`# ${KEY}\n\n \t\n\t# a@b\n\ta@b\t${KEY}\t\n`, true],
  [`a@b ${KEY}\r\n`, true],
  [`a@b ${KEY} "a quote`, true],
  [`*@b,c@d ${KEY}\n`, true],
  [`"a@b" ${KEY}\n`, true, "names are not compared here, so they need no quotes"],
  [`a@b,!c@d ${KEY}\n`, true, "names are not compared here, so none can be ruled out"],
  [`!a@b,* ${KEY}\n`, false],
  [`\ufeffa@b ${KEY}\n`, false],
  [`\ufeff# ours\na@b ${KEY}\n`, true, "a byte order mark would be part of the first line"],
  [`c@d nonsense\na@b ${KEY}\n`, true, "a line that is malformed may be one that was to keep somebody out"],
  [`a@b ${KEY}\ra@b nonsense\n`, false],
  [`a@b ${TYPE} ${BASE64!.slice(0, 20)} ${BASE64!.slice(20)}\n`, false],
  [`a@b ${TYPE} ${BASE64}=\n`, false],
  [`a@b ${TYPE} ${BASE64}AAAA\n`, false],
  [`a@b ${TYPE!.toUpperCase()} ${BASE64}\n`, false],
  [`a@b ${BASE64}\n`, false],
  [`a@b\n${KEY}\n`, false],
  [`${KEY}\n`, false],
];

Deno.test("allowed_signers files mean what OpenSSH makes of them, or are refused", async () => {
  for (const [allowed, accepted, whyStricter] of FILES) {
    const ours = accepted && whyStricter === undefined;
    await assertVerdicts(JSON.stringify(allowed), { allowed }, ours, accepted);
  }
});

/** Reads times of allowed_signers in a process whose host is in a zone: ms since 1970. */
async function readTimes(zone: string, allowed: string[]): Promise<number[]> {
  const script = `
    import { parseAllowedSigners } from "${import.meta.resolve("../../lib/trust/mod.ts")}";
    const signers = await parseAllowedSigners(${JSON.stringify(allowed.join(""))});
    console.log(JSON.stringify(signers.map(({ validAfter, validBefore }) => validAfter ?? validBefore)));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    env: { TZ: zone },
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("valid-after and valid-before without Z are in the host's zone without daylight saving time, as OpenSSH reads them", async () => {
  for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "UTC"]) {
    using openSsh = new SshKeygen({ TZ: zone });
    const lines = ["valid-after", "valid-before"].flatMap((option) =>
      ["202601151200", "202607151200"].map((time) => `a@b ${option}="${time}" ${KEY}\n`)
    );
    for (const [i, time] of (await readTimes(zone, lines)).entries()) {
      for (const offset of [-1000, 0, 1000]) {
        const accepted = offset === 0 || lines[i]!.includes("valid-after") === offset > 0;
        const verdict = await openSsh.verifies(lines[i]!, SIGNED, MESSAGE, time + offset);
        assertEquals([zone, lines[i], offset, verdict], [zone, lines[i], offset, accepted]);
      }
    }
  }
});

/** Signs with the key by hand, so that any field can be odd. */
async function signByHand(fields: Fields): Promise<Bytes> {
  const pem = await Deno.readTextFile(`${openSsh.folder}/by-hand`);
  const signature = new Uint8Array(sign(null, await signedBytes(MESSAGE, fields), createPrivateKey(pem)));
  return frame(BY_HAND_BLOB, concat(text("ssh-ed25519"), sshString(signature)), fields);
}

/** An Ed25519 key of WebCrypto's. */
const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
await Deno.writeTextFile(
  `${openSsh.folder}/by-hand`,
  `-----BEGIN PRIVATE KEY-----\n${pkcs8.toBase64()}\n-----END PRIVATE KEY-----\n`,
);
const POINT = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
const BY_HAND_BLOB = concat(text("ssh-ed25519"), sshString(POINT));
const BY_HAND = `a@b ssh-ed25519 ${BY_HAND_BLOB.toBase64()}\n`;

Deno.test("fields of a signature are accepted only if OpenSSH accepts them", async () => {
  const rows: [what: string, fields: Fields, ours: boolean, openSshs?: boolean][] = [
    ["as usual", {}, true],
    ["sha256", { hash: "sha256" }, true],
    ["sha384", { hash: "sha384" }, false],
    ["SHA512", { hash: "SHA512" }, false],
    ["something reserved", { reserved: encode("for later") }, false],
    ["something reserved that is not signed", { unsigned: encode("for later") }, false, true],
    ["version 0", { version: 0 }, false, true],
    ["version 2", { version: 2 }, false],
    ["no namespace", { namespace: new Uint8Array() }, false],
    ["another namespace", { namespace: encode("git") }, false],
    ["a namespace with NUL", { namespace: encode("halyard-archive\0") }, false],
    ["a namespace that is no text", { namespace: new Uint8Array([0xff]) }, false],
  ];
  for (const [what, fields, ours, openSshs] of rows) {
    await assertVerdicts(
      what,
      { allowed: BY_HAND, signature: armour(await signByHand(fields)) },
      ours,
      openSshs,
    );
  }
});

Deno.test("the frame of a signature is accepted only if OpenSSH accepts it", async () => {
  const blob = decode(SIGNED);
  const inner = blob.slice(blob.length - 83);
  const extra = new Uint8Array([0]);
  const lines = SIGNED.trimEnd().split("\n");
  const rows: [what: string, signature: string, ours: boolean, openSshs?: boolean][] = [
    ["one line", armour(blob), true],
    ["bytes after the blob", armour(concat(blob, extra)), false],
    ["bytes after the key", armour(frame(concat(BLOB, extra), inner)), false],
    ["bytes after the key's signature", armour(frame(BLOB, concat(inner, extra))), false],
    [
      "the key's signature of 65 bytes",
      armour(frame(BLOB, concat(text(TYPE!), sshString(new Uint8Array(65))))),
      false,
    ],
    [
      "a line for each character",
      lines.map((line, i) => i % (lines.length - 1) === 0 ? line : [...line].join("\n")).join("\n"),
      true,
    ],
    // Looser: the text is the same, and a copy by way of Windows may end its lines so.
    ["CRLF", SIGNED.replaceAll("\n", "\r\n"), true, false],
    ["no end of the last line", SIGNED.trimEnd(), true],
    ["carriage returns alone", lines.join("\r"), false],
    ["text after it", `${SIGNED}text`, false, true],
    ["a second block", SIGNED + SIGNED, false, true],
    ["an empty line in it", SIGNED.replace("\n", "\n\n"), false, true],
    ["an empty line after it", `${SIGNED}\n`, false, true],
    ["a carriage return in a line", SIGNED.replace("U1NI", "U1\rNI"), false, true],
    ["a blank in a line", SIGNED.replace("U1NI", "U1 NI"), false, true],
    ["a blank before it", ` ${SIGNED}`, false],
    ["a byte order mark before it", `\ufeff${SIGNED}`, false],
    ["text before it", `text\n${SIGNED}`, false],
    ["base64 for URLs", armour(blob).replaceAll(/[+/]/g, (c) => c === "+" ? "-" : "_"), false],
  ];
  for (const [what, signature, ours, openSshs] of rows) {
    await assertVerdicts(what, { signature }, ours, openSshs);
  }
});

const RSA = await openSsh.makeKey("rsa", "-t", "rsa", "-b", "2048", "-m", "PEM");
const RSA_BLOB = Uint8Array.fromBase64(RSA.split(" ")[1]!);
const RSA_KEY = createPrivateKey(await Deno.readTextFile(`${openSsh.folder}/rsa`));

function byRsa(type: string, signature: Bytes): string {
  return armour(frame(RSA_BLOB, concat(text(type), sshString(signature))));
}

Deno.test("RSA signatures are accepted by SHA-256 and SHA-512 only, in PKCS #1 v1.5", async () => {
  const data = await signedBytes(MESSAGE);
  const raw = (hash: string, padding: number) => new Uint8Array(sign(hash, data, { key: RSA_KEY, padding }));
  const { RSA_PKCS1_PADDING: pkcs1, RSA_PKCS1_PSS_PADDING: pss } = constants;
  const rows: [what: string, signature: string, accepted: boolean][] = [
    ["rsa-sha2-512", byRsa("rsa-sha2-512", raw("sha512", pkcs1)), true],
    ["rsa-sha2-256", byRsa("rsa-sha2-256", raw("sha256", pkcs1)), true],
    ["SHA-1", byRsa("ssh-rsa", raw("sha1", pkcs1)), false],
    ["SHA-1, said to be SHA-256", byRsa("rsa-sha2-256", raw("sha1", pkcs1)), false],
    ["SHA-512, said to be SHA-256", byRsa("rsa-sha2-256", raw("sha512", pkcs1)), false],
    ["PSS", byRsa("rsa-sha2-512", raw("sha512", pss)), false],
    ["a zero before it", byRsa("rsa-sha2-512", concat(new Uint8Array(1), raw("sha512", pkcs1))), false],
    ["an empty one", byRsa("rsa-sha2-512", new Uint8Array()), false],
    ["another type's", byRsa("ssh-ed25519", raw("sha512", pkcs1)), false],
  ];
  for (const [what, signature, accepted] of rows) {
    await assertVerdicts(what, { allowed: `a@b ${RSA}\n`, signature }, accepted);
  }
});

Deno.test("an RSA signature without its leading zero, which OpenSSH fills up, is refused", async () => {
  for (let i = 0;; i++) {
    // One of some 200 begins with a zero.
    const message = encode(`${i}`);
    const raw = new Uint8Array(sign("sha512", await signedBytes(message), RSA_KEY));
    if (raw[0] !== 0) continue;
    const allowed = `a@b ${RSA}\n`;
    const whole = byRsa("rsa-sha2-512", raw);
    await assertVerdicts("whole", { allowed, signature: whole, message }, true);
    const short = byRsa("rsa-sha2-512", raw.slice(1));
    await assertVerdicts("shortened", { allowed, signature: short, message }, false, true);
    break;
  }
});

Deno.test("RSA keys of 1024 bits, which OpenSSH accepts, are refused; those of 4096 are accepted", async () => {
  for (const [bits, ours] of [["1024", false], ["4096", true]] as const) {
    const allowed = `a@b ${await openSsh.makeKey(bits, "-t", "rsa", "-b", bits)}\n`;
    await assertVerdicts(bits, { allowed, signature: await openSsh.sign(bits, MESSAGE) }, ours, true);
  }
});

Deno.test("DSA keys and certificates, which OpenSSH 9.2 accepts, are refused", async () => {
  const dsa = await openSsh.makeKey("dsa", "-t", "dsa");
  await assertVerdicts(
    "DSA",
    { allowed: `a@b ${dsa}\n`, signature: await openSsh.sign("dsa", MESSAGE) },
    false,
    true,
  );
  const authority = await openSsh.makeKey("authority", "-t", "ed25519");
  await openSsh.certify("authority", "key");
  const signature = await openSsh.sign("key-cert", MESSAGE);
  await assertVerdicts(
    "certificate",
    { allowed: `a@b cert-authority ${authority}\n`, signature },
    false,
    true,
  );
  await assertVerdicts("certificate without authority", { allowed: `a@b ${authority}\n`, signature }, false);
});
