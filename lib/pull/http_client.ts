import { readSmallFile } from "../wire/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { PullError } from "./pull_error.ts";

/** Largest file of CA certificates. Those of all public CAs have 250 KB. @limit bytes: the file is refused */
const MAX_CA_FILE_BYTES = 4 * 1024 ** 2;

/**
 * Creates a client. It connects through the proxy that the process's environment names.
 *
 * @param caFile Path of certificates (PEM) of CAs that are trusted besides the public ones.
 * @returns The client; whoever creates it closes it.
 * @throws {PullError} When the file cannot be used.
 */
export function createHttpClient(caFile?: string): Deno.HttpClient {
  if (caFile === undefined) return Deno.createHttpClient({});
  const message = `Cannot use the CA file "${caFile}"`;
  let pem: string;
  try {
    pem = new TextDecoder().decode(readSmallFile(caFile, MAX_CA_FILE_BYTES));
  } catch (error) {
    throw new PullError(`${message}: ${describeFileError(error)}`, {
      hint: "check the path and its permissions",
    });
  }
  try {
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
      throw new TypeError("there is no certificate in PEM in it");
    }
    return Deno.createHttpClient({ caCerts: [pem] });
  } catch (error) {
    throw new PullError(`${message}: ${describeFileError(error)}`, {
      hint:
        'it is text that begins with "-----BEGIN CERTIFICATE-----"; openssl x509 -inform DER makes that of DER',
    });
  }
}
