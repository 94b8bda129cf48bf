/**
 * A serving thread that throws what nobody catches when there is a file with the archive's name and `.kill<position>`.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { runServingThread, type ThreadData } from "../lib/serving_thread.ts";

const { index, settings } = workerData as ThreadData;
const order = `${settings.fileDataSource}.kill${index}`;

setInterval(() => {
  try {
    Deno.removeSync(order);
  } catch {
    return;
  }
  throw new Error("planted");
}, 20);
await runServingThread();
