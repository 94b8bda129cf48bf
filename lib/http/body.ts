/** Timeout of a request body. SDKs send theirs at once; a minute is a very slow line. @limit ms: a context is answered 400, events are answered 202 and the connection is closed */
const BODY_DEADLINE = 60_000;

/** Hands over a body as it arrives, until the deadline cuts it off. What is left unread closes the connection. */
async function* readChunks(request: Request, deadline: number): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), deadline);
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => {});
  }
}

/**
 * Reads a request's body and throws it away, so that the client sees its request received and the connection can be used
 * again. Stops at the limit or the deadline.
 *
 * @param request The request.
 * @param maxBytes Maximum number of bytes that are read, as they arrive (compressed bodies are not expanded).
 * @param deadline Timeout: ms. @default {60_000}
 */
export async function drainBody(request: Request, maxBytes: number, deadline = BODY_DEADLINE): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of readChunks(request, deadline)) {
      length += chunk.byteLength;
      if (length > maxBytes) return;
    }
  } catch {
    // The client went away: there is nobody left to tell.
  }
}

/** Options for {@linkcode readBody}. */
export interface ReadBodyOptions {
  /** Timeout: ms. A body cut off by it is incomplete. @default {60_000} */
  deadline?: number;
  /**
   * Called with the announced length, or with how much has been read where none was announced: bytes. If it throws, nothing more
   * is read. @default {nothing}
   */
  onLength?(bytes: number): void;
}

/**
 * Reads a request's body. One whose announced length is refused is not touched: `Deno.serve` then closes the connection, while
 * of a body once touched it reads the rest, and keeps up to 200 KB of buffer for as long as the connection is open.
 *
 * @param request The request.
 * @param maxBytes Maximum length: bytes.
 * @param options Timeout, and a listener.
 * @returns The body; `undefined` when it is too long.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  { deadline = BODY_DEADLINE, onLength }: ReadBodyOptions = {},
): Promise<Uint8Array | undefined> {
  const announced = Number(request.headers.get("content-length")) || 0;
  if (announced > maxBytes) return undefined;
  if (announced > 0) onLength?.(announced);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of readChunks(request, deadline)) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    if (length > announced) onLength?.(length);
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  }
  return await new Blob(chunks).bytes();
}
