import type { Credential } from "../../model/mod.ts";
import { obscureKey } from "../../observe/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import type { Services } from "../mod.ts";
import { ANY, type Shape } from "./expect.ts";

const KEY_SHAPE = { value: "", expiry: 0 };
const STATE_SHAPE = { state: "", stateSince: 0 };
const ERROR_SHAPE = { message: "", time: 0 };

/** Every field that the status of an environment may have: the Relay Proxy's, some of which are never there, and Halyard's. */
export const ENVIRONMENT_SHAPE = {
  sdkKey: "",
  envId: "",
  envKey: "",
  envName: "",
  projKey: "",
  projName: "",
  mobileKey: "",
  expiringSdkKey: "",
  sdkKeys: [KEY_SHAPE],
  mobileKeys: [KEY_SHAPE],
  status: "",
  connectionStatus: { ...STATE_SHAPE, lastError: { kind: "", time: 0, statusCode: 0 } },
  dataStoreStatus: { ...STATE_SHAPE, database: "", dbServer: "", dbPrefix: "", dbTable: "" },
  bigSegmentStatus: { available: "", potentiallyStale: "", lastSynchronizedOn: 0 },
  fault: "",
  evaluationLimitsReached: 0,
} satisfies Shape;

/** Every field that the status of a relay may have. */
export const STATUS_SHAPE = {
  environments: { [ANY]: ENVIRONMENT_SHAPE },
  status: "",
  version: "",
  clientVersion: "",
  dataFile: { path: "", digest: "", loadedAt: 0, lastError: ERROR_SHAPE, isLastKnownGood: "" },
  trust: {
    mode: "",
    signers: [{ principals: "", fingerprint: "" }],
    version: 0,
    epoch: 0,
    audience: "",
    created: 0,
    notAfter: 0,
    stale: "",
    sourceNote: "",
    problems: [""],
  },
} satisfies Shape;

/** Sources of a status. */
export type StatusServices = Pick<Services, "store" | "status">;

/**
 * Describes a relay for operators: the Relay Proxy's JSON, with keys properly masked, the status of the archive's file, and the number
 * of evaluations that reached a limit.
 *
 * @param services The store, and the relay's status.
 * @returns The status, as {@linkcode STATUS_SHAPE} says.
 */
export function describeStatus(services: StatusServices): Record<string, unknown> {
  const { environments } = services.store;
  const { version, dataFile, trust } = services.status();
  return {
    environments: Object.fromEntries(
      environments.map((environment) => [environment.id, describeEnvironment(environment, services)]),
    ),
    ...describeBriefly(services),
    clientVersion: version,
    dataFile,
    trust,
  };
}

/**
 * Describes a relay for everybody: whether each environment has data, and the version.
 *
 * @param services The store, and the relay's status.
 * @returns The fields `status` and `version`.
 */
export function describeBriefly({ store, status }: StatusServices): Record<string, string> {
  const healthy = store.environments.every((environment) => environment.snapshot);
  return { status: healthy ? "healthy" : "degraded", version: status().version };
}

/**
 * Describes an environment.
 *
 * @param environment The environment.
 * @param services The relay's status.
 * @returns Its status, as {@linkcode ENVIRONMENT_SHAPE} says.
 */
export function describeEnvironment(
  { id, metadata, snapshot, fault, since }: StoredEnvironment,
  { status }: Pick<Services, "status">,
): Record<string, unknown> {
  const sdkKeys = describeKeys(metadata?.sdkKeys);
  const mobileKeys = describeKeys(metadata?.mobileKeys);
  const expiring = sdkKeys.slice(1).find((key) => key.expiry !== undefined);
  const count = status().evaluationLimitsReached.get(id);
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
    ...count !== undefined && { evaluationLimitsReached: count },
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
