import { createHmac } from "node:crypto";
import type { CredentialKind } from "../../lib/store/mod.ts";
import type { ArchiveModel } from "./archives.ts";
import type { DataModel, KeyModel } from "./environments.ts";

/** What the relay has to serve for an environment. `data` is absent while there never was any. */
export interface ServedModel {
  id: string;
  keys: { sdk: KeyModel[]; mobile: KeyModel[] };
  isSecure: boolean;
  data?: DataModel;
  /** Whether it was broken in the newest archive. */
  hasFault: boolean;
}

/** What a relay has to serve after the archives that it has loaded: the promises, written as plainly as possible. */
export class Model {
  /** The environments; absent before the first archive. */
  served: ServedModel[] | undefined;

  /** Takes over an archive that was loaded: every environment with a fault keeps what it had. */
  load({ environments }: ArchiveModel): void {
    const sorted = environments!.toSorted((a, b) => a.id < b.id ? -1 : 1);
    this.served = sorted.map((environment) => {
      const { id, fault, sdkKeys, mobileKeys, isSecure, data } = environment;
      const hasFault = fault !== undefined;
      const before = this.served?.find((served) => served.id === id);
      if (hasFault && before?.data) return { ...before, hasFault };
      if (fault === "metadata") return { id, keys: { sdk: [], mobile: [] }, isSecure: false, hasFault };
      const keys = { sdk: sdkKeys, mobile: mobileKeys };
      return { id, keys, isSecure, hasFault, ...!hasFault && { data } };
    });
  }

  /**
   * Finds the environment that a credential opens. One that has moved from a broken environment to a good one opens the good one, or
   * nothing once that says so.
   */
  find(kind: CredentialKind, key: string, now: number): ServedModel | undefined {
    if (kind === "environment") return this.served?.find(({ id }) => id === key);
    const found = this.served?.filter(({ keys }) => keys[kind].some(({ value }) => value === key)) ?? [];
    const environment = found.findLast(({ hasFault }) => !hasFault) ?? found.at(-1);
    return environment?.keys[kind].some(({ value, expiry }) => value === key && now <= expiry)
      ? environment
      : undefined;
  }

  /** Returns the status that a request with a credential gets. */
  statusOf(kind: CredentialKind, key: string, now: number): number {
    if (!this.served) return 503;
    const environment = this.find(kind, key, now);
    if (!environment) return kind === "environment" ? 404 : 401;
    return environment.data ? 200 : 503;
  }
}

/** Computes the proof that a browser's application has given it for a user. */
export function prove(sdkKey: string, user: string): string {
  return createHmac("sha256", sdkKey).update(user).digest("hex");
}

/** Reports whether a browser may read an environment. */
export function mayRead(
  { isSecure, keys }: ServedModel,
  { user, proof, now }: { user: string; proof: string | undefined; now: number },
): boolean {
  return !isSecure || keys.sdk.some(({ value, expiry }) => now <= expiry && prove(value, user) === proof);
}
