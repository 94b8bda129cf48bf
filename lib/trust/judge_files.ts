import { type Bytes, decodeText } from "./_bytes.ts";
import { type FileBytes, listSidecars } from "./signed_files.ts";
import type { SignatureFile } from "./signers.ts";
import { TrustError } from "./trust_error.ts";
import { type KeyFiles, readTrustedKeys } from "./trusted_keys.ts";
import {
  type Circumstances,
  judge,
  type RuleName,
  type SignedFile,
  type TrustRules,
  type Verdict,
} from "./verdict.ts";

/** What a site asks of a signed file, with the keys still in their files. */
export type TrustPolicy = KeyFiles & Omit<TrustRules, "keys">;

/** A signed file. */
export interface FileIdentity {
  /** Its path. */
  path: string;
  /** Its SHA-256: lower-case hex. */
  digest: string;
  /** Its length: bytes. */
  size: number;
}

/**
 * Judges a file by what lies beside it.
 *
 * @param file The file.
 * @param contents What is in the files beside it ({@linkcode listSidecars}) and in those of the keys, by path.
 * @param policy What is asked of it.
 * @param circumstances The time, and what has been served.
 * @returns The verdict. A file that cannot be used breaks a rule: `keys`, or `signatures`.
 */
export async function judgeFiles(
  file: FileIdentity,
  contents: ReadonlyMap<string, FileBytes>,
  policy: TrustPolicy,
  circumstances: Circumstances,
): Promise<Verdict> {
  let rule: RuleName = "keys";
  try {
    const keys = await readTrustedKeys(policy, contents);
    rule = "signatures";
    return await judge(gather(file, contents), { ...policy, keys }, circumstances);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return { isGood: false, findings: [{ rule, isMet: false, detail: error.message }], signers: [] };
  }
}

function gather({ path, ...file }: FileIdentity, contents: ReadonlyMap<string, FileBytes>): SignedFile {
  const signed: SignedFile & { signatures: SignatureFile[] } = { ...file, signatures: [] };
  for (const sidecar of listSidecars(path)) {
    const content = contents.get(sidecar.path);
    if (content === undefined) continue;
    const { path: name, form } = sidecar;
    if (form !== "manifest") signed.signatures.push({ name, form, text: toText(content) });
    else if (content instanceof Error) throw new TrustError(content.message);
    else signed.manifest = content;
  }
  return signed;
}

/** Returns the reason why it is no text instead of throwing it: a file that is left there from another release must not count. */
function toText(content: Bytes | Error): string | Error {
  if (content instanceof Error) return content;
  try {
    return decodeText(content, "The file");
  } catch (error) {
    return error as TrustError;
  }
}
