import { describeAnswer, describeConnection, describeRedirect } from "./_failures.ts";
import { formatUrl } from "./location.ts";
import type { PartFile } from "./part_file.ts";
import type { PullOptions } from "./pull_options.ts";
import { PullError } from "./pull_error.ts";
import { StallTimer } from "./_stall_timer.ts";
import { MACHINE_TIMING } from "./timing.ts";
import { TransientPullError } from "./_transient_pull_error.ts";

/** Most redirects that are followed. Servers need one or two; more is a circle. @limit redirects: the download fails */
const MAX_REDIRECTS = 5;

/** Longest time of one try: an archive of 64 MiB at 150 kbit/s. Who only drips must not hold up the tries that follow. @limit ms: the try fails */
const DOWNLOAD_TIMEOUT_MS = 3_600_000;

/** Statuses that redirect: RFC 9110, 15.4. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Result of a try. */
export interface Downloaded {
  /** Whether the archive is another than that of the entity tag. If not, nothing was written. */
  isNew: boolean;
  /** Entity tag of what was written, if it has one. */
  etag?: string | undefined;
}

/** Waits for something from the server: no longer than for a stall, and with errors of ours. */
type Receive = <T>(waiting: Promise<T>) => Promise<T>;

/** Options for {@linkcode download}. */
export interface DownloadOptions extends PullOptions {
  /** Empty file that it is written to. */
  part: PartFile;
  /** Entity tag of what is there already. */
  etag: string | undefined;
  /** Time by which the answer must begin, if that is before the stall timeout: ms of uptime. */
  answerBy: number;
}

/**
 * Tries once to download the archive.
 *
 * @param options Where from, where to, with what limits.
 * @returns Whether there was something new.
 * @throws {TransientPullError} When another try may succeed.
 * @throws {PullError} When the answer is final.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { url, key, proxy, part, etag, answerBy, timing = MACHINE_TIMING } = options;
  const { stallTimeout, now, uptime } = timing;
  function makeError(timeout: number): Error {
    const stalled = `nothing came for ${Number((timeout / 1_000).toFixed(1))} s`;
    return new TransientPullError(`Cannot download the archive from ${formatUrl(url)}: ${stalled}`);
  }
  using stall = new StallTimer(stallTimeout, options.signal, makeError);
  stall.restart(Math.min(stallTimeout, answerBy - uptime()));
  const { signal } = stall;
  async function receive<T>(waiting: Promise<T>): Promise<T> {
    try {
      const received = await waiting;
      stall.restart();
      return received;
    } catch (error) {
      throw signal.aborted ? signal.reason : describeConnection(url, error, proxy);
    }
  }

  // What is saved are the bytes of the file: a server that labels a .tar.gz as encoded must not have it decoded.
  const headers = new Headers({ "accept-encoding": "identity" });
  if (key !== undefined) headers.set("authorization", key);
  if (etag !== undefined) headers.set("if-none-match", etag);
  const init = { headers, redirect: "manual", signal, client: options.client } as const;
  const response = await followRedirects(url, key, (target) => receive(fetch(target, init)));
  if (response.status !== 200) await response.body?.cancel();
  if (response.status === 304 && etag !== undefined) return { isNew: false };
  if (response.status !== 200) throw describeAnswer(url, response, { hasKey: key !== undefined, now: now() });
  await save(response, part, options, receive);
  return { isNew: true, etag: response.headers.get("etag") ?? undefined };
}

/** Asks, and follows redirects within the origin. */
async function followRedirects(
  url: URL,
  key: string | undefined,
  ask: (target: URL) => Promise<Response>,
): Promise<Response> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await ask(target);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, target);
    if (next?.origin !== url.origin) throw describeRedirect(url, next, key);
    target = next;
  }
  throw new PullError(
    `Cannot download the archive from ${
      formatUrl(url)
    }: the server redirects more than ${MAX_REDIRECTS} times`,
    { isRefusal: true, hint: "is the address right? the archive may have moved to another one" },
  );
}

async function save(
  { headers, body }: Response,
  part: PartFile,
  { url, maxBytes, onProgress, timing: { uptime } = MACHINE_TIMING }: PullOptions,
  receive: Receive,
): Promise<void> {
  const fail = `Cannot download the archive from ${formatUrl(url)}`;
  const deadline = uptime() + DOWNLOAD_TIMEOUT_MS;
  const total = Number(headers.get("content-length") ?? NaN);
  function refuseTooLarge(bytes: number): void {
    if (!(bytes > maxBytes)) return;
    throw new PullError(`${fail}: it has more than ${maxBytes} bytes`, {
      isRefusal: true,
      hint:
        "If the file is what you expect, raise the limit: MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize",
    });
  }
  const reader = body?.getReader();
  let length = 0;
  try {
    refuseTooLarge(total);
    while (reader) {
      const { value } = await receive(reader.read());
      if (value === undefined) return;
      length += value.length;
      refuseTooLarge(length);
      if (uptime() > deadline) throw new TransientPullError(`${fail}: it takes more than an hour`);
      await part.write(value);
      onProgress?.(Number.isNaN(total) ? { length } : { length, total });
    }
  } finally {
    // Whatever else is still to come; of a broken connection nothing.
    await reader?.cancel().catch(() => {});
  }
}
