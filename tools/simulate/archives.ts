import { hash } from "node:crypto";
import { type EnvironmentFiles, writeArchive } from "../../lib/archive/mod.ts";
import type { Random } from "./random.ts";

/** A flag, by what the simulation varies. */
export interface FlagModel {
  version: number;
  on: boolean;
  /** Value of everybody while it is on. */
  value: string;
  /** Users who get `no` all the same. */
  except: string[];
}

/** A key and when it stops working: ms since epoch. */
export interface KeyModel {
  value: string;
  expiry: number;
}

/** An environment as an archive has it. */
export interface EnvironmentModel {
  id: string;
  sdkKeys: KeyModel[];
  mobileKey: string;
  flags: ReadonlyMap<string, FlagModel>;
  /** What is broken in this archive, if anything. */
  fault?: "data" | "metadata";
}

/** An archive. */
export interface ArchiveModel {
  /** Number of archives before it. */
  number: number;
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes: hex. */
  digest: string;
  /** Its environments; absent if all of it has to be refused. */
  environments?: EnvironmentModel[];
}

/** Contexts of clients, by key. */
export const USERS = ["one", "two"];

const IDS = ["env-a", "env-b", "env-c"];
const FLAGS = ["f1", "f2", "f3", "f4"];

/** Length of a value of some flags, so that their environment is longer than what a reader gets at once. */
const LONG_VALUE = 70_000;

/** Makes archives, each out of the one before. */
export class Archives {
  readonly #random: Random;
  readonly #hasLongValues: boolean;
  #environments: EnvironmentModel[] = [];
  #count = 0;
  #keys = 0;

  /**
   * Starts without environments.
   *
   * @param random Decides what changes.
   */
  constructor(random: Random) {
    this.#random = random;
    this.#hasLongValues = random.chance(0.05);
  }

  /**
   * Makes the next archive.
   *
   * @param now The time, by which keys expire: ms since epoch.
   * @param mayBeRefused Whether it may have a fault that concerns all of it.
   * @returns The archive.
   */
  async make(now: number, mayBeRefused = true): Promise<ArchiveModel> {
    const random = this.#random;
    const last = this.#environments.map(({ fault: _, ...environment }) => environment);
    for (const environment of last) this.#change(environment, now);
    const missing = IDS.filter((id) => !last.some((environment) => environment.id === id));
    if (last.length === 0 || missing.length > 0 && random.chance(0.2)) {
      last.push(this.#add(random.pick(missing)));
    }
    if (last.length > 1 && random.chance(0.1)) last.splice(random.integer(0, last.length - 1), 1);
    this.#environments = last.map((environment) => {
      if (!random.chance(0.1)) return environment;
      return { ...environment, fault: random.pick(["data", "metadata"] as const) };
    });
    const bytes = await writeArchive(this.#environments.map(toFiles));
    const archive = { number: this.#count++, bytes, environments: this.#environments };
    if (!mayBeRefused || !random.chance(0.15)) return { ...archive, digest: hash("sha256", bytes) };
    return this.#spoil(archive);
  }

  async #spoil({ number, bytes, environments }: Omit<ArchiveModel, "digest">): Promise<ArchiveModel> {
    let spoilt = bytes.slice();
    const kind = this.#random.pick(["cut", "flip", "claim"]);
    if (kind === "cut") spoilt = bytes.slice(0, this.#random.integer(0, bytes.length - 1));
    else if (kind === "flip") spoilt[bytes.length - 8]! ^= 1;
    else {
      const twins = IDS.slice(0, 2).map((id) => ({ ...environments![0]!, id, fault: undefined }));
      spoilt = await writeArchive(twins.map(({ fault: _, ...twin }) => toFiles(twin)));
    }
    return { number, bytes: spoilt, digest: hash("sha256", spoilt) };
  }

  #add(id: string): EnvironmentModel {
    const flags = new Map(FLAGS.map((key) => [key, this.#makeFlag(key, 1)]));
    return { id, sdkKeys: [this.#makeKey("sdk")], mobileKey: this.#makeKey("mob").value, flags };
  }

  #change(environment: EnvironmentModel, now: number): void {
    const random = this.#random;
    const flags = new Map(environment.flags);
    for (let count = random.integer(0, 2); count > 0; count--) {
      const key = random.pick(FLAGS);
      const known = flags.get(key);
      // Now and then a version does not rise, or what was removed comes back.
      const step = random.chance(0.85) ? 1 : random.integer(-1, 0);
      if (known && random.chance(0.2)) flags.delete(key);
      else flags.set(key, this.#makeFlag(key, Math.max(1, (known?.version ?? random.integer(1, 5)) + step)));
    }
    environment.flags = new Map([...flags].sort(([a], [b]) => a < b ? -1 : 1));
    if (random.chance(0.25)) {
      const [old] = environment.sdkKeys;
      const expiring = { value: old!.value, expiry: now + random.integer(1_000, 120_000) };
      environment.sdkKeys = [this.#makeKey("sdk"), ...random.chance(0.8) ? [expiring] : []];
    }
    if (random.chance(0.1)) environment.mobileKey = this.#makeKey("mob").value;
  }

  #makeFlag(key: string, version: number): FlagModel {
    const random = this.#random;
    const text = `v${random.integer(0, 1_000_000)}`;
    const value = this.#hasLongValues && key === FLAGS[0] ? text.padEnd(LONG_VALUE, "x") : text;
    return { version, on: random.chance(0.8), value, except: USERS.filter(() => random.chance(0.3)) };
  }

  #makeKey(kind: string): KeyModel {
    return { value: `${kind}-${++this.#keys}`, expiry: Infinity };
  }
}

/** Writes a flag as an archive has it, with every field that SDKs need. */
export function toJson(key: string, { version, on, value, except }: FlagModel): Record<string, unknown> {
  return {
    key,
    version,
    on,
    salt: "s",
    variations: ["no", value],
    fallthrough: { variation: 1 },
    offVariation: 0,
    targets: [{ variation: 0, values: except }],
    rules: [],
    prerequisites: [],
    trackEvents: false,
    trackEventsFallthrough: false,
    deleted: false,
    clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
    clientSide: true,
  };
}

function toFiles({ id, sdkKeys: [key, old], mobileKey, flags, fault }: EnvironmentModel): EnvironmentFiles {
  const sdkKey = {
    value: fault === "metadata" ? 1 : key!.value,
    ...old && { expiring: { value: old.value, timestamp: old.expiry } },
  };
  const env = { envID: id, envKey: id, envName: id, projKey: "p", projName: "P", mobKey: mobileKey, sdkKey };
  const items = Object.fromEntries([...flags].map(([name, flag]) => [name, toJson(name, flag)]));
  const data = JSON.stringify({ flags: items, segments: {} });
  return {
    id,
    metadata: JSON.stringify({ env, dataId: "1" }),
    data: fault === "data" ? data.slice(0, -1) : data,
  };
}
