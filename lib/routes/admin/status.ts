import type { Credential } from "../../model/mod.ts";
import { obscureKey } from "../../observe/mod.ts";
import type { Store, StoredEnvironment } from "../../store/mod.ts";
import type { RelayStatus } from "../mod.ts";
import { ANY, type Shape } from "./expect.ts";

const KEY_SHAPE = { value: "", expiry: 0 };
const STATE_SHAPE = { state: "", stateSince: 0 };
const FILE_SHAPE = { path: "", digest: "", loadedAt: 0, lastError: { message: "", time: 0 } };

/** Every field that the status of trust may have. */
const TRUST_SHAPE = {
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
};

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
  dataFile: { ...FILE_SHAPE, isLastKnownGood: "" },
  trust: TRUST_SHAPE,
  overrides: {
    ...FILE_SHAPE,
    environments: { [ANY]: { flags: [""], segments: [""], until: 0, isApplied: "" } },
    trust: TRUST_SHAPE,
  },
} satisfies Shape;

/**
 * Describes a relay for operators: the Relay Proxy's JSON, with keys properly masked, the status of the archive's file and of
 * overrides, and the number of evaluations that reached a limit.
 *
 * @param store The store.
 * @param status The relay's status.
 * @returns The status, as {@linkcode STATUS_SHAPE} says.
 */
export function describeStatus(store: Store, status: RelayStatus): Record<string, unknown> {
  return {
    environments: Object.fromEntries(
      store.environments.map((environment) => [environment.id, describeEnvironment(environment, status)]),
    ),
    ...describeRelay(store, status),
  };
}

/**
 * Describes a relay for operators like {@linkcode describeStatus}, but for its environments.
 *
 * @param store The store.
 * @param status The relay's status.
 * @returns The other fields of the status.
 */
export function describeRelay(store: Store, status: RelayStatus): Record<string, unknown> {
  const { version, dataFile, trust, overrides } = status;
  return {
    ...describeBriefly(store, status),
    clientVersion: version,
    dataFile,
    trust,
    ...overrides && { overrides },
  };
}

/**
 * Describes a relay for everybody: whether each environment has data, and the version.
 *
 * @param store The store.
 * @param status The relay's status.
 * @returns The fields `status` and `version`.
 */
export function describeBriefly(store: Store, { version }: RelayStatus): Record<string, string> {
  const healthy = store.environments.every((environment) => environment.snapshot);
  return { status: healthy ? "healthy" : "degraded", version };
}

/**
 * Describes an environment.
 *
 * @param environment The environment.
 * @param status The relay's status.
 * @returns Its status, as {@linkcode ENVIRONMENT_SHAPE} says.
 */
export function describeEnvironment(
  { id, metadata, snapshot, fault, since }: StoredEnvironment,
  { evaluationLimitsReached }: RelayStatus,
): Record<string, unknown> {
  const sdkKeys = describeKeys(metadata?.sdkKeys);
  const mobileKeys = describeKeys(metadata?.mobileKeys);
  const expiring = sdkKeys.slice(1).find((key) => key.expiry !== undefined);
  const count = evaluationLimitsReached.get(id);
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
