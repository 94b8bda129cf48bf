/** Memory of a process by the fields of `/proc/<pid>/status`, in MB: `VmRSS` now, `VmHWM` at most so far. Linux only. */
export async function readMemory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]) * 1024 / 1e6;
}
