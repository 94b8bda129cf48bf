import type { Credential } from "../../model/mod.ts";
import { obscureKey } from "../../observe/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import type { OpenRoute } from "../../http/mod.ts";
import type { Services } from "../mod.ts";

/**
 * Creates the route `/status`: the Relay Proxy's JSON, with keys properly masked, the status of the archive's file, and the number
 * of evaluations that reached a limit.
 *
 * @param services The store, and the relay's status.
 * @returns The route.
 */
export function statusRoute({ store, status }: Pick<Services, "store" | "status">): OpenRoute {
  return {
    method: "GET",
    path: "/status",
    handle: () => {
      const { environments } = store;
      const { version, dataFile, evaluationLimitsReached } = status();
      const healthy = environments.every((environment) => environment.snapshot);
      return Response.json({
        environments: Object.fromEntries(
          environments.map((environment) => {
            const count = evaluationLimitsReached.get(environment.id);
            return [environment.id, {
              ...describe(environment),
              ...count !== undefined && { evaluationLimitsReached: count },
            }];
          }),
        ),
        status: healthy ? "healthy" : "degraded",
        version,
        clientVersion: version,
        dataFile,
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

/** Leaves out empty fields, as the Relay Proxy does. */
function present(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]));
}

/** Lists the keys that are still accepted, masked. */
function describeKeys(keys: Credential[] = []): Credential[] {
  return keys
    .filter(({ expiry = Infinity }) => Date.now() <= expiry)
    .map((key) => ({ ...key, value: obscureKey(key.value) }));
}
