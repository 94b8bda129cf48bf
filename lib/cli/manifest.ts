import { hash } from "node:crypto";
import { findNamespace, formatManifest, OVERRIDES_NAMESPACE } from "../trust/mod.ts";
import { readRelease, RELEASE_FLAGS } from "./_release_flags.ts";
import { readArchiveBytes, readArchiveFile, requireSnapshot } from "./archive_file.ts";
import type { Command } from "./command.ts";

/** The command `manifest`. */
export const MANIFEST: Command = {
  name: "manifest",
  summary: "prints the manifest of a release, for its signers",
  usage: "FILE",
  arity: [1, 1],
  details:
    `FILE is an archive that serve would load, or a file of overrides. --release, --not-after and --audience must be set.
Save the manifest beside FILE as FILE.manifest.json, and sign that:
  ssh-keygen -Y sign -f KEY -n halyard-archive FILE.manifest.json
The namespace of overrides is halyard-overrides. docs/trust.md has the whole way. The exit code is 1 for an archive that is
refused.`,
  example:
    "manifest flags.tar.gz --release 42 --not-after 30d --audience plant-7 > flags.tar.gz.manifest.json",
  flags: RELEASE_FLAGS,
  async run(args, terminal) {
    const path = args.positional[0]!;
    const { findNotAfter, audience, version, epoch = 0, ...note } = readRelease(args, [
      "release",
      "not-after",
      "audience",
    ]);
    const { size, digest } = await readContent(path);
    const created = Math.floor(Date.now() / 1_000) * 1_000;
    terminal.print(formatManifest({
      format: 1,
      archiveSha256: digest,
      archiveSize: size,
      version: version!,
      epoch,
      created,
      notAfter: findNotAfter(created),
      audience,
      ...note,
    }));
    return 0;
  },
};

/** Reads what is to be signed. An archive has to be one that is served: its signers do not look into it. */
async function readContent(path: string): Promise<{ size: number; digest: string }> {
  const { bytes } = readArchiveBytes(path);
  if (findNamespace(bytes) === OVERRIDES_NAMESPACE) {
    return { size: bytes.length, digest: hash("sha256", bytes) };
  }
  const archive = await readArchiveFile(path);
  for (const environment of archive.environments) requireSnapshot(environment);
  return archive;
}
