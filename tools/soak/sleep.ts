/** Waits, until the signal at most. */
export function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  function wake(): void {
    resolve();
  }
  const timer = setTimeout(wake, Math.max(0, ms));
  stop?.addEventListener("abort", wake);
  if (stop?.aborted) wake();
  return promise.finally(() => {
    clearTimeout(timer);
    stop?.removeEventListener("abort", wake);
  });
}
