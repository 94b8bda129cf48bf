import { assertEquals, assertRejects } from "@std/assert";
import { type Bytes, concat, sha256, sshString } from "../../lib/trust/_bytes.ts";
import { readSshSignature } from "../../lib/trust/ssh_signature.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { SshKeygen } from "./_ssh_keygen.ts";

const MESSAGE = new TextEncoder().encode('{"format":1}\n');
const NAMESPACE = "halyard-archive";

const KEYS: [type: string, hash: string, keyArgs: string[]][] = [
  ["ssh-ed25519", "sha512", ["-t", "ed25519"]],
  ["ssh-ed25519", "sha256", ["-t", "ed25519"]],
  ["ecdsa-sha2-nistp256", "sha512", ["-t", "ecdsa", "-b", "256"]],
  ["ecdsa-sha2-nistp384", "sha512", ["-t", "ecdsa", "-b", "384"]],
  ["ecdsa-sha2-nistp521", "sha512", ["-t", "ecdsa", "-b", "521"]],
  ["ssh-rsa", "sha512", ["-t", "rsa", "-b", "2048"]],
];

for (const [type, hash, keyArgs] of KEYS) {
  Deno.test(`readSshSignature() verifies what ssh-keygen signs with ${type} and ${hash}, and nothing else`, async () => {
    using openSsh = new SshKeygen();
    await openSsh.makeKey("key", ...keyArgs);
    const signature = await readSshSignature(await openSsh.sign("key", MESSAGE, { hash }));
    assertEquals(
      [signature.key.type, signature.key.fingerprint, signature.namespace],
      [type, await openSsh.fingerprint("key"), NAMESPACE],
    );
    assertEquals(await signature.verify(MESSAGE), true);
    assertEquals(await signature.verify(MESSAGE.with(0, 0)), false);
  });
}

function text(value: string): Bytes {
  return sshString(new TextEncoder().encode(value));
}

function armour(blob: Bytes): string {
  return `-----BEGIN SSH SIGNATURE-----\n${blob.toBase64()}\n-----END SSH SIGNATURE-----\n`;
}

/** The shortest form of a positive number. */
function positive(bytes: Bytes): Bytes {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return sshString(digits[0]! >= 0x80 ? concat(new Uint8Array(1), digits) : digits);
}

/** A security key of FIDO, in software: what it signs is OpenSSH's PROTOCOL.u2f. */
async function makeToken(kind: "ed25519" | "ecdsa") {
  const isEcdsa = kind === "ecdsa";
  const type = isEcdsa ? "sk-ecdsa-sha2-nistp256@openssh.com" : "sk-ssh-ed25519@openssh.com";
  const algorithm = isEcdsa ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } : { name: "Ed25519" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const key = concat(text(type), ...(isEcdsa ? [text("nistp256")] : []), sshString(point), text("ssh:"));
  async function sign(flags: number): Promise<string> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", MESSAGE));
    const signed = concat(
      new TextEncoder().encode("SSHSIG"),
      text(NAMESPACE),
      text(""),
      text("sha512"),
      sshString(hash),
    );
    const flagsAndCounter = new Uint8Array([flags, 0, 0, 0, 7]);
    const application = await sha256(new TextEncoder().encode("ssh:"));
    const data = concat(application, flagsAndCounter, await sha256(signed));
    const raw = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, data));
    const numbers = isEcdsa ? concat(positive(raw.slice(0, 32)), positive(raw.slice(32))) : raw;
    const signature = concat(text(type), sshString(numbers), flagsAndCounter);
    return armour(concat(
      new TextEncoder().encode("SSHSIG"),
      new Uint8Array([0, 0, 0, 1]),
      sshString(key),
      text(NAMESPACE),
      text(""),
      text("sha512"),
      sshString(signature),
    ));
  }
  return { line: `${type} ${key.toBase64()}`, type, sign };
}

for (const kind of ["ed25519", "ecdsa"] as const) {
  Deno.test(`readSshSignature() verifies a security key's ${kind}, as OpenSSH does, and wants a touch`, async () => {
    using openSsh = new SshKeygen();
    const { line, type, sign } = await makeToken(kind);
    const touched = await sign(0x01);
    assertEquals(await openSsh.verifies(`a@b ${line}\n`, touched, MESSAGE), true);
    const signature = await readSshSignature(touched);
    assertEquals(signature.key.type, type);
    assertEquals(await signature.verify(MESSAGE), true);
    assertEquals(await signature.verify(MESSAGE.with(0, 0)), false);
    const untouched = await readSshSignature(await sign(0x00));
    await assertRejects(() => untouched.verify(MESSAGE), TrustError, "has signed without a touch");
  });
}

Deno.test("readSshSignature() and verify() refuse every change of a bit", async () => {
  using openSsh = new SshKeygen();
  await openSsh.makeKey("key", "-t", "ed25519");
  const signed = await openSsh.sign("key", MESSAGE);
  const bytes = Uint8Array.fromBase64(signed.split("\n").slice(1, -2).join(""));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    const changed = armour(bytes.with(at, bytes[at]! ^ 1 << (bit & 7)));
    const accepted = await readSshSignature(changed)
      .then(async (signature) => await signature.verify(MESSAGE) && signature.namespace === NAMESPACE)
      .catch((error) => {
        if (!(error instanceof TrustError)) throw error;
        return false;
      });
    assertEquals([bit, accepted], [bit, false]);
  }
});

Deno.test("readSshSignature() refuses what stands around the block, a second block and a key too small", async () => {
  using openSsh = new SshKeygen();
  await openSsh.makeKey("key", "-t", "ed25519");
  const signed = await openSsh.sign("key", MESSAGE);
  for (
    const changed of [`x${signed}`, `${signed}x`, signed + signed, `\n${signed}`, "", "x".repeat(20_000)]
  ) {
    await assertRejects(() => readSshSignature(changed), TrustError);
  }
  await openSsh.makeKey("small", "-t", "rsa", "-b", "1024");
  const small = await openSsh.sign("small", MESSAGE);
  await assertRejects(
    () => readSshSignature(small),
    TrustError,
    "The RSA key has 1024 bits, not 2048 to 4096",
  );
});
