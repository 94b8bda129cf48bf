import { writeArchive } from "../../lib/archive/mod.ts";
import { type EnvironmentParts, makeMetadata } from "../_environments.ts";

/** The archive of environments with ID, SDK key `sdk-<id>` and mobile key `mob-<id>`, as `makeEnvironment` makes them. */
export function packArchive(
  environments: Record<string, EnvironmentParts>,
): Promise<Uint8Array<ArrayBuffer>> {
  return writeArchive(
    Object.entries(environments).map(([id, { env = {}, flags = {}, segments = {} }]) => {
      function withKeys(items: Record<string, Record<string, unknown>>): Record<string, unknown> {
        return Object.fromEntries(
          Object.entries(items).map(([key, item]) => [key, { key, version: 1, ...item }]),
        );
      }
      return {
        id,
        metadata: JSON.stringify(makeMetadata(id, env)),
        data: JSON.stringify({ flags: withKeys(flags), segments: withKeys(segments) }),
      };
    }),
  );
}

/** A flag with all that SDKs need, that everybody gets `value` of. */
export function constantFlag(value: unknown, version = 1): Record<string, unknown> {
  return {
    version,
    on: true,
    variations: [null, value],
    fallthrough: { variation: 1 },
    offVariation: 0,
    salt: "s",
    deleted: false,
    prerequisites: [],
    targets: [],
    rules: [],
    trackEvents: false,
    trackEventsFallthrough: false,
  };
}

/** A directory for one test with an archive in it. */
export class DataFile implements AsyncDisposable {
  /** Path of the archive. */
  readonly path: string;

  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = `${directory}/flags.tar.gz`;
  }

  /** Makes the directory and puts an archive there. */
  static async create(archive: Uint8Array): Promise<DataFile> {
    const file = new DataFile(await Deno.makeTempDir({ prefix: "halyard-" }));
    await Deno.writeFile(file.path, archive);
    return file;
  }

  /** Replaces the archive by renaming over it, so that no reader sees half of it. */
  async replace(archive: Uint8Array): Promise<void> {
    await Deno.writeFile(`${this.#directory}/new`, archive);
    await Deno.rename(`${this.#directory}/new`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}
