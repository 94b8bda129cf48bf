import type { RelayProcess } from "../tests/e2e/_relay.ts";

/** Starts `_bare_server.ts` with a body. */
export async function startBare(
  body: Uint8Array,
): Promise<Pick<RelayProcess, "port" | "pid"> & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "halyard-" });
  await Deno.writeFile(path, body);
  const script = new URL("./_bare_server.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", "-A", script, path],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  return {
    port: Number(value),
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await reader.cancel();
      await Deno.remove(path);
    },
  };
}
