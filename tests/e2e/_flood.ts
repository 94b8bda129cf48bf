import type { FloodReport } from "./_flood_client.ts";

/** A flood of requests. */
export interface Flood {
  /** Port of the relay. */
  port: number;
  /** The request: bytes as text. */
  request: string;
  /** Requests a second. */
  rate: number;
  /** Length of the flood: ms. */
  ms: number;
  /** Maximum number of connections. */
  connections: number;
}

/** Sends a flood from a process of its own, with a lower priority than the relay's. */
export async function flood({ port, request, rate, ms, connections }: Flood): Promise<FloodReport> {
  const client = new URL("./_flood_client.ts", import.meta.url).pathname;
  const deno = [Deno.execPath(), "run", "--quiet", "--no-lock", "--no-check", "-A", client];
  const numbers = [port, rate, ms, connections].map((number) => `${Math.round(number)}`);
  const { stdout } = await new Deno.Command("nice", { args: ["-n", "5", ...deno, ...numbers, request] })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout));
}
