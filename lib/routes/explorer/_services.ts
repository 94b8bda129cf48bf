import type { MetricState } from "../../observe/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import type { Store, StoredEnvironment } from "../../store/mod.ts";
import { ApiError } from "./_api_error.ts";

/** Services that the API uses. */
export interface ExplorerServices {
  /** Store of what is served. */
  store: Store;
  /** Returns the status in detail, as `/status` has it, without environments. */
  describeRelay(): Record<string, unknown>;
  /** Returns the number of an environment's evaluations that failed at a limit since the start; `undefined` where none did. */
  countLimitsReached(id: string): number | undefined;
  /** Answers a request of an SDK as the public listener does. */
  answerSdk(request: Request): Response | Promise<Response>;
  /** Returns all metrics at this moment. */
  collectMetrics(): Promise<readonly MetricState[]>;
  /** Returns what was served before the last reload, by environment ID; `undefined` where that is not kept. */
  getPrevious(): ReadonlyMap<string, StoredEnvironment> | undefined;
  /** Reports whether there is memory to compile environments with so many bytes of data. */
  canCompile(bytes: number): boolean;
}

/**
 * Refuses to evaluate environments that no client has evaluated if there is no memory for it.
 *
 * @param services Says whether there is.
 * @param snapshots The environments.
 * @throws {ApiError} 503.
 */
export function requireMemory(
  { canCompile }: Pick<ExplorerServices, "canCompile">,
  snapshots: readonly Snapshot[],
): void {
  const bytes = snapshots.filter(({ isCompiled }) => !isCompiled)
    .reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes === 0 || canCompile(bytes)) return;
  throw new ApiError(
    503,
    "evaluating this takes more memory than there is",
    "give the relay more, or ask halyard evaluate and halyard diff on another host",
  );
}

/**
 * Refuses requests before the first archive.
 *
 * @param store Store of what is served.
 * @throws {ApiError} 503.
 */
export function requireReady({ ready }: Store): void {
  if (ready) return;
  throw new ApiError(503, "Halyard has not loaded its archive yet", "GET /health/ready says why");
}

/**
 * Creates the error of a request for an environment that is not there.
 *
 * @param id What it asks for.
 * @param where Where it is not.
 * @returns The error: 404.
 */
export function noEnvironment(id: string, where: string): ApiError {
  return new ApiError(
    404,
    `there is no environment ${JSON.stringify(id)} in ${where}`,
    "it is named by its client-side ID; GET /explorer/api/environments lists all",
  );
}

/**
 * Returns the data of an environment.
 *
 * @param environment The environment.
 * @returns Its snapshot.
 * @throws {ApiError} 503, when there is none.
 */
export function requireSnapshot({ snapshot, fault }: StoredEnvironment): Snapshot {
  if (snapshot) return snapshot;
  throw new ApiError(
    503,
    `the environment has no data: ${fault}`,
    "halyard check lists all faults of an archive",
  );
}
