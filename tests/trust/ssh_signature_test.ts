import { assertEquals, assertRejects } from "@std/assert";
import { readSshSignature } from "../../lib/trust/ssh_signature.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { armour, decode, makeToken } from "./_ssh_blobs.ts";
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

for (const kind of ["ed25519", "ecdsa"] as const) {
  Deno.test(`readSshSignature() verifies a security key's ${kind}, as OpenSSH does, and wants a touch`, async () => {
    using openSsh = new SshKeygen();
    const { line, type, sign } = await makeToken(kind);
    const touched = await sign(MESSAGE);
    assertEquals(await openSsh.verifies(`a@b ${line}\n`, touched, MESSAGE), true);
    const signature = await readSshSignature(touched);
    assertEquals(signature.key.type, type);
    assertEquals(await signature.verify(MESSAGE), true);
    assertEquals(await signature.verify(MESSAGE.with(0, 0)), false);
    const untouched = await readSshSignature(await sign(MESSAGE, 0x00));
    await assertRejects(() => untouched.verify(MESSAGE), TrustError, "has signed without a touch");
  });
}

Deno.test("readSshSignature() and verify() refuse every change of a bit", async () => {
  using openSsh = new SshKeygen();
  await openSsh.makeKey("key", "-t", "ed25519");
  const signed = await openSsh.sign("key", MESSAGE);
  const bytes = decode(signed);
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
