import { concat, sshString } from "../../lib/trust/_bytes.ts";
import type { Bytes } from "../../lib/trust/mod.ts";
import { hash } from "node:crypto";

const encoder = new TextEncoder();

/** A signer with an Ed25519 key, who signs as `ssh-keygen -Y sign` does: quicker than that, and without files. */
export class Signer {
  readonly #key: CryptoKey;
  readonly #blob: Bytes;

  private constructor(key: CryptoKey, point: Bytes) {
    this.#key = key;
    this.#blob = concat(sshString(encoder.encode("ssh-ed25519")), sshString(point));
  }

  /** Makes one with a new key. */
  static async create(): Promise<Signer> {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const { privateKey, publicKey } = pair as CryptoKeyPair;
    return new Signer(privateKey, new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  }

  /** Its public key, as in a `.pub` file. */
  get publicKey(): string {
    return `ssh-ed25519 ${this.#blob.toBase64()}`;
  }

  /** Its line for allowed_signers. */
  line(options = "", principals = "release@corp"): string {
    return `${principals} ${options && `${options} `}${this.publicKey}\n`;
  }

  /** Signs a message. */
  async sign(message: Bytes, namespace = "halyard-archive"): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", message));
    const [magic, name, reserved, algorithm] = ["SSHSIG", namespace, "", "sha512"].map((text) =>
      encoder.encode(text)
    ) as [Bytes, Bytes, Bytes, Bytes];
    const signed = concat(magic, ...[name, reserved, algorithm, digest].map(sshString));
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", this.#key, signed));
    const typed = concat(sshString(encoder.encode("ssh-ed25519")), sshString(signature));
    const version = new Uint8Array([0, 0, 0, 1]);
    const blob = concat(magic, version, ...[this.#blob, name, reserved, algorithm, typed].map(sshString));
    const lines = blob.toBase64().match(/.{1,70}/g)!.join("\n");
    return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`;
  }
}

/** Fields of a manifest that a test may want otherwise. */
export type ManifestFields = Partial<
  Record<
    "format" | "archiveSha256" | "archiveSize" | "version" | "epoch" | "created" | "notAfter" | "audience",
    unknown
  >
>;

/** Time at which the manifests of tests are made. */
export const CREATED = Date.UTC(2026, 11, 1, 12);

/** A manifest of a file: the first release, for `plant-7`, of December 2026. */
export function makeManifest(file: Bytes, fields: ManifestFields = {}): Bytes {
  return encoder.encode(JSON.stringify({
    format: 1,
    archiveSha256: hash("sha256", file),
    archiveSize: file.length,
    version: 1,
    epoch: 0,
    created: "2026-12-01T12:00:00Z",
    notAfter: "2026-12-31T12:00:00Z",
    audience: "plant-7",
    ...fields,
  }));
}

/** A signed file: what lies beside it by the end of its name. */
export interface Release {
  file: Bytes;
  manifest: Bytes;
  signatures: string[];
}

/** Signs a file. */
export async function makeRelease(
  file: Bytes,
  signers: readonly Signer[],
  fields?: ManifestFields,
  namespace?: string,
): Promise<Release> {
  const manifest = makeManifest(file, fields);
  return {
    file,
    manifest,
    signatures: await Promise.all(signers.map((signer) => signer.sign(manifest, namespace))),
  };
}
