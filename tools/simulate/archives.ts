import { hash } from "node:crypto";
import { type EnvironmentFiles, writeArchive } from "../../lib/archive/mod.ts";
import {
  type DataModel,
  type EnvironmentModel,
  type FlagModel,
  type KeyModel,
  type SegmentModel,
  USERS,
  writeData,
} from "./environments.ts";
import type { Random } from "./random.ts";

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

/** Client-side IDs. */
export const IDS = ["env-a", "env-b", "env-c"];

const FLAGS = ["f1", "f2", "f3", "f4"];
const SEGMENTS = ["s1", "s2"];

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
   * @returns The archive.
   */
  async make(now: number): Promise<ArchiveModel> {
    const random = this.#random;
    const last = this.#environments.map(({ fault: _, ...environment }) => this.#change(environment, now));
    const missing = IDS.filter((id) => !last.some((environment) => environment.id === id));
    if (missing.length > 0 && (last.length === 0 || random.chance(0.2))) {
      last.push(this.#add(random.pick(missing)));
    }
    if (random.chance(0.1)) last.splice(random.integer(0, last.length - 1), 1);
    this.#environments = last.map((environment) => {
      if (!random.chance(0.15)) return environment;
      return { ...environment, fault: random.pick(["data", "metadata"] as const) };
    });
    if (random.chance(0.2)) this.#moveKey();
    const bytes = await writeArchive(this.#environments.map((environment) => this.#toFiles(environment)));
    const archive = { number: this.#count++, bytes, environments: this.#environments };
    return random.chance(0.15) ? await this.#spoil(archive) : { ...archive, digest: hash("sha256", bytes) };
  }

  async #spoil({ number, bytes, environments }: Omit<ArchiveModel, "digest">): Promise<ArchiveModel> {
    let spoilt = bytes.slice();
    const [twin] = environments!;
    const kind = this.#random.pick(["cut", "flip", "claim"]);
    if (kind === "cut") spoilt = bytes.slice(0, this.#random.integer(0, bytes.length - 1));
    else if (kind === "flip" || !twin) spoilt[bytes.length - 8]! ^= 1;
    else {
      const { fault: _, ...sound } = twin;
      spoilt = await writeArchive(IDS.slice(0, 2).map((id) => this.#toFiles({ ...sound, id })));
    }
    return { number, bytes: spoilt, digest: hash("sha256", spoilt) };
  }

  /** Gives a good environment the key of a broken one, which keeps it where it was served before. */
  #moveKey(): void {
    const broken = this.#environments.find(({ fault }) => fault !== undefined);
    const good = this.#environments.find(({ fault }) => fault === undefined);
    if (!broken || !good) return;
    good.sdkKeys = [broken.sdkKeys[0]!, ...good.sdkKeys.slice(0, 2)];
    broken.sdkKeys = [this.#makeKey("sdk")];
  }

  #add(id: string): EnvironmentModel {
    const flags = new Map(FLAGS.map((key) => [key, this.#makeFlag(key, 1)]));
    const segments = new Map(SEGMENTS.map((key) => [key, this.#makeSegment(1)]));
    return {
      id,
      sdkKeys: [this.#makeKey("sdk")],
      mobileKeys: [this.#makeKey("mob")],
      isSecure: this.#random.chance(0.2),
      data: { flags, segments },
    };
  }

  #change(environment: EnvironmentModel, now: number): EnvironmentModel {
    const random = this.#random;
    return {
      ...environment,
      data: random.chance(0.7) ? this.#changeData(environment.data) : environment.data,
      isSecure: random.chance(0.1) ? !environment.isSecure : environment.isSecure,
      sdkKeys: random.chance(0.25) ? this.#rotate(environment.sdkKeys, now) : environment.sdkKeys,
      mobileKeys: random.chance(0.1) ? this.#rotate(environment.mobileKeys, now) : environment.mobileKeys,
    };
  }

  #changeData({ flags, segments }: DataModel): DataModel {
    return {
      flags: this.#changeItems(flags, FLAGS, (key, version) => this.#makeFlag(key, version)),
      segments: this.#random.chance(0.3)
        ? this.#changeItems(segments, SEGMENTS, (_, version) => this.#makeSegment(version))
        : segments,
    };
  }

  #changeItems<T extends { version: number; isDeleted: boolean }>(
    items: ReadonlyMap<string, T>,
    keys: string[],
    make: (key: string, version: number) => T,
  ): ReadonlyMap<string, T> {
    const random = this.#random;
    const changed = new Map(items);
    for (let count = random.integer(1, 2); count > 0; count--) {
      const missing = keys.filter((key) => !changed.has(key));
      const key = missing.length > 0 && random.chance(0.5) ? random.pick(missing) : random.pick(keys);
      const known = changed.get(key);
      // Now and then a version does not rise, or what was removed comes back.
      const step = random.chance(0.85) ? 1 : random.integer(-1, 0);
      const version = Math.max(1, (known?.version ?? random.integer(1, 5)) + step);
      if (known && random.chance(0.15)) changed.delete(key);
      else if (known && random.chance(0.1)) changed.set(key, { ...known, version, isDeleted: true });
      else changed.set(key, make(key, version));
    }
    return new Map([...changed].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** Puts another key in the place of the first, which works on for a while or not at all. */
  #rotate([first, ...others]: KeyModel[], now: number): KeyModel[] {
    const random = this.#random;
    const kept = [{ value: first!.value, expiry: now + random.integer(1_000, 120_000) }, ...others];
    const count = random.chance(0.8) ? random.integer(1, 2) : 0;
    return [this.#makeKey(first!.value.slice(0, 3)), ...kept.slice(0, count)];
  }

  #makeFlag(key: string, version: number): FlagModel {
    const random = this.#random;
    const text = `v${random.integer(0, 1_000_000)}`;
    const earlier = FLAGS.slice(0, FLAGS.indexOf(key));
    return {
      version,
      isDeleted: false,
      on: random.chance(0.8),
      value: this.#hasLongValues && key === FLAGS[0] ? text.padEnd(LONG_VALUE, "x") : text,
      except: USERS.filter(() => random.chance(0.3)),
      ...earlier.length > 0 && random.chance(0.3) && { needs: random.pick(earlier) },
      ...random.chance(0.3) && { segment: random.pick(SEGMENTS) },
      isMalformed: random.chance(0.05),
      isForBrowsers: random.chance(0.8),
    };
  }

  #makeSegment(version: number): SegmentModel {
    return { version, isDeleted: false, members: USERS.filter(() => this.#random.chance(0.5)) };
  }

  #makeKey(kind: string): KeyModel {
    return { value: `${kind}-${++this.#keys}`, expiry: Infinity };
  }

  /** Writes the files of an environment, keys in one of the two shapes that there are. */
  #toFiles({ id, sdkKeys, mobileKeys, isSecure, data, fault }: EnvironmentModel): EnvironmentFiles {
    const [key, old] = sdkKeys as [KeyModel, KeyModel?];
    const isLists = sdkKeys.length > 2 || old?.expiry === Infinity || mobileKeys.length > 1 ||
      this.#random.chance(0.2);
    const sdkKey = {
      value: fault === "metadata" ? 1 : key.value,
      ...old && !isLists && { expiring: { value: old.value, timestamp: old.expiry } },
    };
    const lists = { sdkKeys: sdkKeys.map(toJson), mobileKeys: mobileKeys.map(toJson) };
    const env = {
      envID: id,
      envKey: id,
      envName: id,
      projKey: "p",
      projName: "P",
      mobKey: mobileKeys[0]!.value,
      sdkKey,
      ...isLists && lists,
      secureMode: isSecure,
    };
    const text = writeData(data, this.#random.chance(0.2));
    return {
      id,
      metadata: JSON.stringify({ env, dataId: "1" }),
      data: fault === "data" ? text.slice(0, -1) : text,
    };
  }
}

function toJson({ value, expiry }: KeyModel): Record<string, unknown> {
  return { value, ...expiry !== Infinity && { expiry } };
}
