import { assertEquals, assertRejects } from "@std/assert";
import {
  MAX_KEYS_LENGTH,
  parseAllowedSigners,
  parseRevokedKeys,
  whyNotAllowed,
} from "../../lib/trust/allowed_signers.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { SshKeygen } from "./_ssh_keygen.ts";

const MESSAGE = new TextEncoder().encode("m");
const openSsh = new SshKeygen();
globalThis.addEventListener("unload", () => openSsh[Symbol.dispose]());
const KEY = await openSsh.makeKey("key", "-t", "ed25519");
const [TYPE, BASE64] = KEY.split(" ");
const SIGNATURE = await openSsh.sign("key", MESSAGE);

const LINES: [line: string, accepted: boolean][] = [
  [`a@b ${KEY}`, true],
  [`a@b ${KEY} a comment`, true],
  [`  a@b\t${KEY}`, true],
  [`a@b,c@d ${KEY}`, true],
  [`a@b namespaces="halyard-archive" ${KEY}`, true],
  [`a@b NAMESPACES="git,halyard-*" ${KEY}`, true],
  [`a@b namespaces="halyard-archiv?" ${KEY}`, true],
  [`a@b namespaces="*,!halyard-archive" ${KEY}`, false],
  [`a@b namespaces="git" ${KEY}`, false],
  [`a@b namespaces="halyard-overrides,halyard-archive" ${KEY}`, true],
  [`a@b valid-after="20200101",valid-before="29991231" ${KEY}`, true],
  [`a@b valid-after="202001010102" ${KEY}`, true],
  [`a@b valid-after="20200101010203Z" ${KEY}`, true],
  [`a@b valid-after="29990101" ${KEY}`, false],
  [`a@b valid-before="20200101" ${KEY}`, false],
  [`a@b valid-after="20210101",valid-before="20200101" ${KEY}`, false],
  [`a@b valid-after="20211301" ${KEY}`, false],
  [`a@b valid-after="2021" ${KEY}`, false],
  [`a@b unknown="x" ${KEY}`, false],
  [`a@b cert-authority ${KEY}`, false],
  [`a@b namespaces ${KEY}`, false],
  [`a@b namespaces="git",namespaces="halyard-archive" ${KEY}`, false],
  [`a@b ssh-rsa ${BASE64}`, false],
  [`a@b ${TYPE}`, false],
  [`a@b ${TYPE} AAAA`, false],
  [`a@b`, false],
  [`# a@b ${KEY}`, false],
  [``, false],
];

Deno.test("parseAllowedSigners() accepts no line that OpenSSH refuses, and all of its common forms", async () => {
  for (const [line, accepted] of LINES) {
    assertEquals([line, await openSsh.verifies(`${line}\n`, SIGNATURE, MESSAGE)], [line, accepted]);
    const allowed = await parseAllowedSigners(`${line}\n`)
      .then((signers) =>
        signers.some((signer) => whyNotAllowed(signer, "halyard-archive", Date.now()) === undefined)
      )
      .catch((error) => {
        if (!(error instanceof TrustError)) throw error;
        return false;
      });
    assertEquals([line, allowed], [line, accepted]);
  }
});

Deno.test("parseAllowedSigners() names the line at fault, and what to do", async () => {
  const text = `# ours\n\na@b ${KEY}\nc@d cert-authority ${KEY}\n`;
  await assertRejects(
    () => parseAllowedSigners(text),
    TrustError,
    "Line 4: certificates are not accepted: name each signer's key in a line of its own",
  );
});

Deno.test("parseAllowedSigners() and parseRevokedKeys() name characters that cannot be seen, and bound the file", async () => {
  const unseen = [
    "\0",
    "\x1b",
    "\r",
    "\x85",
    "\xad",
    "\u200b",
    "\u202e",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ud800",
  ];
  for (const character of unseen) {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    for (
      const text of [`\n# ${character} b\n`, `\na@b ${KEY} a${character}b\n`, `\na@b${character} ${KEY}\n`]
    ) {
      const message = `Line 2: it has the character U+${code}, which cannot be seen`;
      await assertRejects(() => parseAllowedSigners(text), TrustError, message);
      await assertRejects(() => parseRevokedKeys(text), TrustError, message);
    }
  }
  const longest = `a@b ${KEY} `.padEnd(MAX_KEYS_LENGTH, "ä");
  assertEquals((await parseAllowedSigners(longest)).length, 1);
  for (const parse of [parseAllowedSigners, parseRevokedKeys]) {
    await assertRejects(() => parse(`${longest}x`), TrustError, "The file has more than 262144 characters");
  }
});

Deno.test("parseAllowedSigners() says what is wrong with options and names, and what to write", async () => {
  const rows: [options: string, message: string][] = [
    [`valid-after="2026"`, "valid-after is not a time from 1970 on: YYYYMMDD[HHMM[SS]], with Z for UTC"],
    [`namespaces="${"x".repeat(1001)}"`, "the value of namespaces has more than 1000 characters"],
    [`valid-before="20260101Z",VALID-BEFORE="20260101Z"`, "the option VALID-BEFORE is there twice"],
    [`namespaces=""`, 'namespaces needs a value: namespaces="halyard-archive"'],
    [
      `verify-required`,
      "the option verify-required is not known. These are: namespaces, valid-after, valid-before",
    ],
    [`valid-after="20260102Z",valid-before="20260102Z"`, "valid-before is not later than valid-after"],
    [`namespaces="a",`, "after principals and options there is no key: its type, and it in base64"],
  ];
  for (const [options, message] of rows) {
    await assertRejects(() => parseAllowedSigners(`a@b ${options} ${KEY}`), TrustError, `Line 1: ${message}`);
  }
  await assertRejects(
    () => parseAllowedSigners(`a@b,!c@d ${KEY}`),
    TrustError,
    "Line 1: a name with ! before it is not accepted: every name counts, none is ruled out",
  );
  assertEquals((await parseAllowedSigners(`a!b@c ${KEY}`))[0]!.principals, "a!b@c");
});

Deno.test("whyNotAllowed() takes time in proportion to the lengths of text and pattern", async () => {
  const namespaces = `${"*a".repeat(499)}*b`;
  const [signer] = await parseAllowedSigners(`a@b namespaces="${namespaces}" ${KEY}`);
  // With a choice at each star tried again, this would not end.
  assertEquals(
    whyNotAllowed(signer!, "a".repeat(1000), 0),
    `its namespaces are "${namespaces.slice(0, 64)}"…, without ${"a".repeat(1000)}`,
  );
});

Deno.test("whyNotAllowed() says from when and until when a key is valid", async () => {
  const [signer] = await parseAllowedSigners(
    `a@b valid-after="20261001Z",valid-before="20271001Z",namespaces="halyard-archive" ${KEY}`,
  );
  assertEquals(whyNotAllowed(signer!, "halyard-archive", Date.UTC(2026, 11, 1)), undefined);
  assertEquals(
    whyNotAllowed(signer!, "halyard-archive", Date.UTC(2026, 8, 1)),
    "it is valid from 2026-10-01T00:00:00.000Z on",
  );
  assertEquals(
    whyNotAllowed(signer!, "halyard-archive", Date.UTC(2027, 9, 2)),
    "it was valid until 2027-10-01T00:00:00.000Z",
  );
  assertEquals(
    whyNotAllowed(signer!, "git", Date.UTC(2026, 11, 1)),
    'its namespaces are "halyard-archive", without git',
  );
});
