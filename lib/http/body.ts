/**
 * Reads a request's body and throws it away, so that the client sees its request received and the connection can be used
 * again. Stops at the limit or the deadline; what follows is then left unread and the connection closes.
 *
 * @param request The request.
 * @param maxBytes How much is read at most: bytes, as they arrive (compressed bodies are not expanded).
 * @param deadline How long reading may take: ms.
 */
export async function drainBody(request: Request, maxBytes: number, deadline: number): Promise<void> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), deadline);
  try {
    for (let left = maxBytes; left >= 0;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The client went away: there is nobody left to tell.
  } finally {
    clearTimeout(timer);
  }
}
