import { assertEquals, assertRejects } from "@std/assert";
import { parseAllowedSigners, parseRevokedKeys } from "../../lib/trust/allowed_signers.ts";
import { readCosignKey } from "../../lib/trust/cosign_bundle.ts";
import { type SignatureFile, verifySignatures } from "../../lib/trust/signers.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { makeBundle } from "./_bundle.ts";
import { SshKeygen } from "./_ssh_keygen.ts";

const MESSAGE = new TextEncoder().encode('{"format":1}\n');
const NOW = Date.UTC(2026, 11, 1);
const NONE = { signers: [], cosignKeys: [], revoked: new Set<string>() };

function ssh(name: string, text: string): SignatureFile {
  return { name, form: "ssh", text };
}

Deno.test("verifySignatures() counts each key once, whatever lines, files and forms it has", async () => {
  using openSsh = new SshKeygen();
  const p256 = await openSsh.makeKey("p256", "-q", "-t", "ecdsa", "-b", "256", "-m", "PKCS8");
  const other = await openSsh.makeKey("other", "-t", "ed25519");
  const privateKey = await Deno.readTextFile(`${openSsh.folder}/p256`);
  const bundle = JSON.stringify(makeBundle(MESSAGE, privateKey));
  const keys = {
    signers: await parseAllowedSigners(`a@b ${p256}\nc@d ${p256}\ne@f ${other}\n`),
    cosignKeys: [await readCosignKey(await openSsh.pem("p256"))],
    revoked: new Set<string>(),
  };
  const files: SignatureFile[] = [
    ssh(".sig", await openSsh.sign("p256", MESSAGE)),
    ssh(".sig.2", await openSsh.sign("p256", MESSAGE)),
    { name: ".sigstore.json", form: "cosign", text: bundle },
    ssh(".sig.3", await openSsh.sign("other", MESSAGE)),
  ];
  const [first, second] = [await openSsh.fingerprint("p256"), await openSsh.fingerprint("other")];
  assertEquals(await verifySignatures(MESSAGE, files, keys, "halyard-archive", NOW), {
    signers: [
      { file: ".sig", principals: "a@b", fingerprint: first },
      { file: ".sig.3", principals: "e@f", fingerprint: second },
    ],
    refused: [],
  });

  const revoked = await parseRevokedKeys(`# lost in May\n${p256}\n`);
  assertEquals(await verifySignatures(MESSAGE, files, { ...keys, revoked }, "halyard-archive", NOW), {
    signers: [{ file: ".sig.3", principals: "e@f", fingerprint: second }],
    refused: [".sig", ".sig.2", ".sigstore.json"].map((file) => ({
      file,
      problem: `The key ${first} is revoked`,
    })),
  });
});

Deno.test("verifySignatures() says why a signature does not count", async () => {
  using openSsh = new SshKeygen();
  const key = await openSsh.makeKey("key", "-t", "ed25519");
  const fingerprint = await openSsh.fingerprint("key");
  const signature = await openSsh.sign("key", MESSAGE);
  const problem = async (file: SignatureFile, allowedSigners: string, message = MESSAGE) => {
    const keys = { ...NONE, signers: await parseAllowedSigners(allowedSigners) };
    const { signers, refused } = await verifySignatures(message, [file], keys, "halyard-archive", NOW);
    assertEquals(signers, []);
    return refused[0]!.problem;
  };
  const file = ssh(".sig", signature);
  assertEquals(await problem(file, ""), `The key ${fingerprint} is not among the allowed signers`);
  assertEquals(
    await problem(file, `a@b ${key}`, MESSAGE.with(0, 0)),
    "The signature is not one of these bytes",
  );
  assertEquals(
    await problem(file, `a@b valid-before="20261001Z" ${key}`),
    `The key ${fingerprint} may not sign this: it was valid until 2026-10-01T00:00:00.000Z`,
  );
  const git = ssh(".sig", await openSsh.sign("key", MESSAGE, { namespace: "git" }));
  assertEquals(await problem(git, `a@b ${key}`), 'The signature is for "git", not for halyard-archive');
  assertEquals(
    await problem(ssh(".sig", ""), `a@b ${key}`),
    "The file is not one block from BEGIN SSH SIGNATURE to END SSH SIGNATURE, with nothing before, in or after it",
  );
});

Deno.test("verifySignatures() says when no key of cosign has signed", async () => {
  using openSsh = new SshKeygen();
  await openSsh.makeKey("key", "-t", "ecdsa", "-b", "256", "-m", "PKCS8");
  const bundle = makeBundle(MESSAGE, await Deno.readTextFile(`${openSsh.folder}/key`));
  const file = { name: ".sigstore.json", form: "cosign", text: JSON.stringify(bundle) } as const;
  assertEquals(await verifySignatures(MESSAGE, [file], NONE, "halyard-archive", NOW), {
    signers: [],
    refused: [{
      file: ".sigstore.json",
      problem: "The bundle's signature is by none of the keys of cosign that are configured",
    }],
  });
});

Deno.test("a key that is not allowed is refused before its signature is verified", async () => {
  using openSsh = new SshKeygen();
  await openSsh.makeKey("key", "-t", "ed25519");
  const file = ssh(".sig", await openSsh.sign("key", MESSAGE));
  const { refused } = await verifySignatures(MESSAGE.with(0, 0), [file], NONE, "halyard-archive", NOW);
  assertEquals(
    refused[0]!.problem,
    `The key ${await openSsh.fingerprint("key")} is not among the allowed signers`,
  );
});

Deno.test("what fails in the runtime is thrown, and is no verdict on a key or signature", async () => {
  using openSsh = new SshKeygen();
  const key = await openSsh.makeKey("key", "-t", "ed25519");
  const file = ssh(".sig", await openSsh.sign("key", MESSAGE));
  const { subtle } = crypto;
  const { digest, verify } = subtle;
  const p256 = await openSsh.makeKey("p256", "-t", "ecdsa");
  try {
    subtle.verify = () => Promise.reject(new RangeError("Out of memory"));
    await assertRejects(() => parseAllowedSigners(`a@b ${p256}\n`), RangeError, "Out of memory");
    subtle.digest = () => Promise.reject(new RangeError("Out of memory"));
    await assertRejects(() => parseAllowedSigners(`a@b ${key}\n`), RangeError, "Out of memory");
    await assertRejects(
      () => verifySignatures(MESSAGE, [file], NONE, "halyard-archive", NOW),
      RangeError,
      "Out of memory",
    );
  } finally {
    Object.assign(subtle, { digest, verify });
  }
});

Deno.test("parseRevokedKeys() refuses a KRL by name, and what is no key", async () => {
  await assertRejects(
    () => parseRevokedKeys("SSHKRL\n\x00"),
    TrustError,
    "The file is a KRL, which is not accepted",
  );
  await assertRejects(() => parseRevokedKeys("a@b"), TrustError, "Line 1: a line is a key's type");
});
