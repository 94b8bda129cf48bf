import { assertEquals, assertRejects } from "@std/assert";
import { parseAllowedSigners, whyNotAllowed } from "../../lib/trust/allowed_signers.ts";
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
