import type { Credential } from "../../model/mod.ts";
import { obscureKey } from "../../observe/mod.ts";
import type { Store, StoredEnvironment } from "../../store/mod.ts";
import type { Evaluations } from "../fdv1/mod.ts";
import type { Route } from "../../http/mod.ts";

/** What `/status` says about the archive's file, beyond what the Relay Proxy says. */
export interface DataFileStatus {
  /** Path as configured. */
  path: string;
  /** SHA-256 of the content that is served: lower-case hex. Absent while nothing has been loaded. */
  digest?: string;
  /** When that content was loaded: ms since epoch. Absent while nothing has been loaded. */
  loadedAt?: number;
  /** Why a newer content is not served. Absent when the newest is. */
  lastError?: {
    /** What was wrong. */
    message: string;
    /** When it was found: ms since epoch. */
    time: number;
  };
}

/** What `/status` tells of. */
export interface StatusOptions {
  /** What is served. */
  store: Store;
  /** Halyard's version. */
  version: string;
  /** Says how the archive's file stands at this moment. */
  getDataFile(): DataFileStatus;
  /** Counts limits that evaluations have reached. */
  evaluations: Evaluations;
}

/**
 * The route `/status`: the Relay Proxy's JSON, with keys obscured properly, what is known of the archive's file, and
 * how often an evaluation has reached a limit.
 *
 * @param options What it tells of.
 * @returns The route.
 */
export function statusRoute({ store, version, getDataFile, evaluations }: StatusOptions): Route {
  return {
    method: "GET",
    path: "/status",
    handle: () => {
      const { environments } = store;
      const healthy = environments.every((environment) => environment.snapshot);
      return Response.json({
        environments: Object.fromEntries(
          environments.map((environment) => {
            const count = evaluations.countLimitsReached(environment.id);
            return [environment.id, {
              ...describe(environment),
              ...count > 0 && { evaluationLimitsReached: count },
            }];
          }),
        ),
        status: healthy ? "healthy" : "degraded",
        version,
        clientVersion: version,
        dataFile: getDataFile(),
      });
    },
  };
}

function describe({ id, metadata, snapshot, fault, since }: StoredEnvironment): Record<string, unknown> {
  const sdkKeys = describeKeys(metadata?.sdkKeys);
  const mobileKeys = describeKeys(metadata?.mobileKeys);
  const expiring = sdkKeys.slice(1).find((key) => key.expiry !== undefined);
  return {
    sdkKey: sdkKeys[0]?.value ?? "",
    envId: id,
    ...present({
      envKey: metadata?.key,
      envName: metadata?.name,
      projKey: metadata?.projectKey,
      projName: metadata?.projectName,
      mobileKey: mobileKeys[0]?.value,
      expiringSdkKey: expiring?.value,
    }),
    sdkKeys,
    mobileKeys,
    status: snapshot ? "connected" : "disconnected",
    connectionStatus: { state: snapshot ? "VALID" : "INITIALIZING", stateSince: since },
    dataStoreStatus: { state: snapshot ? "VALID" : "INITIALIZING", stateSince: snapshot ? since : 0 },
    ...present({ fault }),
  };
}

/** The Relay Proxy leaves out what is empty. */
function present(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]));
}

/** Keys that are still accepted, masked. */
function describeKeys(keys: Credential[] = []): Credential[] {
  return keys
    .filter(({ expiry = Infinity }) => Date.now() <= expiry)
    .map((key) => ({ ...key, value: obscureKey(key.value) }));
}
