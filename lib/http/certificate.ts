import type { Log } from "../observe/mod.ts";
import { readSmallFile } from "../wire/mod.ts";
import { ListenError } from "./listen_error.ts";

/** Largest file of a certificate chain or a key. A long chain has some 20 KiB, so a larger file is some other file. @limit bytes: the relay does not start */
const MAX_PEM_BYTES = 1024 ** 2;

/** Time between two looks at the files: ms. */
const LOOK_INTERVAL = 2_000;

/** A certificate chain and its private key: PEM, or the paths of files in PEM. */
export interface Certificate {
  /** The chain, the server's own certificate first. */
  cert: string;
  /** The private key. */
  key: string;
}

/**
 * Reads a certificate and its key, and checks that TLS can be served with them.
 *
 * @param paths Their paths.
 * @returns Their PEM.
 * @throws {ListenError} When they cannot be read or used.
 */
export function readCertificate(paths: Certificate): Certificate {
  const pem = { cert: readPem(paths.cert), key: readPem(paths.key) };
  try {
    // Nothing is connected to. A server would check the same, but only one that listens; and Node's, with its first client.
    Deno.createHttpClient(pem).close();
  } catch (error) {
    throw certificateError(error, paths);
  }
  return pem;
}

/** Options for {@linkcode followCertificate}. */
export interface FollowOptions {
  /** Paths of the certificate and its key. */
  paths: Certificate;
  /** What is served with so far. */
  current: Certificate;
  /** Log. */
  log: Log;
  /** Called with each pair that can be served with and is not served with yet. */
  onChange(certificate: Certificate): void;
  /** Time between two looks: ms. @default {2,000} */
  interval?: number;
}

/** A look at the files of a certificate, again and again. */
export interface CertificateFollower {
  /** Reads the files now, whether or not they look changed. */
  refresh(): void;
  /** Ends it. */
  stop(): void;
}

/**
 * Follows the files of a certificate: once both have stayed as they are from one look to the next, they are read.
 *
 * @param options Paths, what is served with, and what to do with a new pair.
 * @returns Follower, which runs until it is stopped.
 */
export function followCertificate(options: FollowOptions): CertificateFollower {
  const { paths, log, onChange, interval = LOOK_INTERVAL } = options;
  let { current } = options;
  let seen = "";
  let used = "";

  function refresh(): void {
    try {
      const next = readCertificate(paths);
      if (next.cert === current.cert && next.key === current.key) return;
      onChange(next);
      current = next;
      log.info("Reloaded the certificate: new connections get it", { path: paths.cert });
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string };
      log.error("The new certificate is not used, the one before stays", {
        error: message,
        ...hint !== undefined && { hint },
      });
    }
  }

  async function look(): Promise<void> {
    const now = `${await describeFile(paths.cert)} ${await describeFile(paths.key)}`;
    if (now === seen && now !== used) {
      used = now;
      refresh();
    }
    seen = now;
  }

  const timer = setInterval(look, interval);
  return { refresh, stop: () => clearInterval(timer) };
}

/** Describes what changes whenever a file is replaced or written. */
async function describeFile(path: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(path);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function readPem(path: string): string {
  try {
    return new TextDecoder().decode(readSmallFile(path, MAX_PEM_BYTES));
  } catch (error) {
    throw new ListenError(
      `Cannot read "${path}" for TLS: ${(error as Error).message}`,
      "check TLS_CERT and TLS_KEY ([Main] tlsCert, tlsKey) and who may read these files",
      error,
    );
  }
}

function certificateError(error: unknown, { cert, key }: Certificate): ListenError {
  return new ListenError(
    `Cannot serve TLS with "${cert}" and "${key}": ${(error as Error).message}`,
    "TLS_CERT ([Main] tlsCert) must be an X.509 certificate in PEM, not of version 1, and TLS_KEY (tlsKey) its own private " +
      "key in PEM, without a password: RSA of 2048 bits or more, ECDSA of P-256, P-384 or P-521, or Ed25519; both are made " +
      "by: openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=HOST -addext subjectAltName=DNS:HOST " +
      "-keyout key.pem -out cert.pem",
    error,
  );
}
