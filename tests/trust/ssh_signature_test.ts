import { assertEquals, assertRejects } from "@std/assert";
import { readSshSignature } from "../../lib/trust/ssh_signature.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";

const folder = await Deno.makeTempDir();
const MESSAGE = new TextEncoder().encode('{"format":1}\n');
await Deno.writeFile(`${folder}/message`, MESSAGE);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

async function sshKeygen(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("ssh-keygen", { args, cwd: folder }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function sign(name: string, keyArgs: string[], signArgs: string[] = []): Promise<string> {
  await sshKeygen("-q", "-N", "", "-f", name, ...keyArgs);
  await sshKeygen("-Y", "sign", "-f", name, "-n", "halyard-archive", ...signArgs, "message");
  const text = await Deno.readTextFile(`${folder}/message.sig`);
  await Deno.remove(`${folder}/message.sig`);
  return text;
}

const KEYS: [name: string, type: string, keyArgs: string[], signArgs?: string[]][] = [
  ["ed25519", "ssh-ed25519", ["-t", "ed25519"]],
  ["ed25519-sha256", "ssh-ed25519", ["-t", "ed25519"], ["-O", "hashalg=sha256"]],
  ["p256", "ecdsa-sha2-nistp256", ["-t", "ecdsa", "-b", "256"]],
  ["p384", "ecdsa-sha2-nistp384", ["-t", "ecdsa", "-b", "384"]],
  ["p521", "ecdsa-sha2-nistp521", ["-t", "ecdsa", "-b", "521"]],
  ["rsa", "ssh-rsa", ["-t", "rsa", "-b", "2048"]],
];

for (const [name, type, keyArgs, signArgs] of KEYS) {
  Deno.test(`readSshSignature() verifies what ssh-keygen signs with ${name}, and no other message`, async () => {
    const signature = await readSshSignature(await sign(name, keyArgs, signArgs));
    const [, fingerprint] = (await sshKeygen("-l", "-f", `${name}.pub`)).split(" ");
    assertEquals(
      [signature.key.type, signature.key.fingerprint, signature.namespace],
      [type, fingerprint, "halyard-archive"],
    );
    assertEquals(await signature.verify(MESSAGE), true);
    assertEquals(await signature.verify(MESSAGE.with(0, 0)), false);
  });
}

Deno.test("readSshSignature() and verify() refuse every change of a byte", async () => {
  const text = await sign("flipped", ["-t", "ed25519"]);
  const bytes = Uint8Array.fromBase64(text.split("\n").slice(1, -2).join(""));
  for (let at = 0; at < bytes.length; at++) {
    for (let mask = 1; mask < 256; mask <<= 1) {
      const changed = bytes.with(at, bytes[at]! ^ mask).toBase64();
      const armoured = `-----BEGIN SSH SIGNATURE-----\n${changed}\n-----END SSH SIGNATURE-----\n`;
      let accepted = false;
      try {
        const signature = await readSshSignature(armoured);
        accepted = await signature.verify(MESSAGE) && signature.namespace === "halyard-archive";
      } catch (error) {
        if (!(error instanceof TrustError)) throw error;
      }
      assertEquals([at, mask, accepted], [at, mask, false]);
    }
  }
});

Deno.test("readSshSignature() refuses what stands around the block, a second block and a key too small", async () => {
  const text = await sign("around", ["-t", "ed25519"]);
  for (const changed of [`x${text}`, `${text}x`, text + text, `\n${text}`, "", "x".repeat(20_000)]) {
    await assertRejects(() => readSshSignature(changed), TrustError);
  }
  const small = await sign("small", ["-t", "rsa", "-b", "1024"]);
  await assertRejects(
    () => readSshSignature(small),
    TrustError,
    "The RSA key has 1024 bits, not 2048 to 16384",
  );
});
