/** In which `/proc/<pid>/stat` counts: per second. The same on every Linux that Deno runs on. */
const TICKS = 100;

/** Processor time that a process has used, all threads: seconds. Linux only. */
export async function cpuOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  return (user! + system!) / TICKS;
}
