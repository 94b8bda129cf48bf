import type { ArchiveModel, EnvironmentModel, KeyModel } from "./archives.ts";

/** What the relay has to serve for an environment. `data` is absent while there never was any. */
export interface ServedModel {
  id: string;
  keys: { sdk: KeyModel[]; mobile: KeyModel[] };
  data?: EnvironmentModel;
}

/** Kind of a key. */
export type Kind = "sdk" | "mobile";

/** What a relay has to serve after the archives that it has loaded: the promises, written as plainly as possible. */
export class Model {
  /** The environments; absent before the first archive. */
  served: ServedModel[] | undefined;

  /** Takes over an archive that was loaded: every environment with a fault keeps what it had. */
  load({ environments }: ArchiveModel): void {
    this.served = environments!.map((environment) => {
      const { id, fault, sdkKeys, mobileKey } = environment;
      const before = this.served?.find((served) => served.id === id);
      if (fault && before?.data) return before;
      const keys = { sdk: sdkKeys, mobile: [{ value: mobileKey, expiry: Infinity }] };
      if (fault === "metadata") return { id, keys: { sdk: [], mobile: [] } };
      return fault ? { id, keys } : { id, keys, data: environment };
    });
  }

  /** Finds the environment that a key opens. */
  find(kind: Kind, key: string, now: number): ServedModel | undefined {
    return this.served?.find(({ keys }) =>
      keys[kind].some(({ value, expiry }) => value === key && now <= expiry)
    );
  }

  /** Returns the status that a request with a key gets. */
  statusOf(kind: Kind, key: string, now: number): number {
    if (!this.served) return 503;
    const environment = this.find(kind, key, now);
    if (!environment) return 401;
    return environment.data ? 200 : 503;
  }
}
