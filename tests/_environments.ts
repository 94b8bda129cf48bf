import { type Environment, parseFlag, parseMetadata, parseSegment } from "../lib/model/mod.ts";
import { buildSnapshot, type Snapshot } from "../lib/snapshot/mod.ts";
import { Store } from "../lib/store/mod.ts";
import { concat, type Parts } from "../lib/wire/mod.ts";
import { formatFields, type Log, type LogFields, once } from "../lib/observe/mod.ts";

type Json = Record<string, unknown>;

/** What an environment of a test is made of; everything has a default. */
export interface EnvironmentParts {
  env?: Json;
  flags?: Record<string, Json>;
  segments?: Record<string, Json>;
}

/** The metadata of environment `id` as an archive has it; `env` says what differs. */
export function makeMetadata(id: string, env: Json): Json {
  const defaults = {
    envID: id,
    envName: "Test",
    projName: "Project",
    sdkKey: { value: `sdk-${id}` },
    mobKey: `mob-${id}`,
  };
  return { env: { ...defaults, ...env }, dataId: "1" };
}

/** An environment with ID `id`, SDK key `sdk-<id>` and mobile key `mob-<id>`; flags and segments get key and version 1. */
export function makeEnvironment(
  id: string,
  { env = {}, flags = {}, segments = {} }: EnvironmentParts = {},
): Environment {
  function items<T>(values: Record<string, Json>, parse: (value: unknown, key: string) => T) {
    return new Map(
      Object.keys(values).sort().map((key) => {
        const value = { key, version: 1, ...values[key] };
        return [key, { value: parse(value, key), text: JSON.stringify(value) }];
      }),
    );
  }
  return {
    metadata: parseMetadata(makeMetadata(id, env), id),
    data: { flags: items(flags, parseFlag), segments: items(segments, parseSegment) },
  };
}

/** The snapshot of such an environment. */
export function makeSnapshot(id: string, parts?: EnvironmentParts, previous?: Snapshot): Promise<Snapshot> {
  return Promise.resolve(buildSnapshot(makeEnvironment(id, parts), previous));
}

/** A store that serves the given environments. */
export async function makeStore(
  environments: Record<string, EnvironmentParts>,
  now?: () => number,
): Promise<Store> {
  const store = new Store(now);
  const loaded = Object.entries(environments).map(async ([id, parts]) => ({
    id,
    snapshot: await makeSnapshot(id, parts),
  }));
  store.replace(await Promise.all(loaded));
  return store;
}

/** A log that keeps its lines. */
export interface TestLog extends Log {
  /** Each as `level: message name=value`, fields as in text logs. */
  lines: string[];
  /** Those of warnings and errors, each once. */
  readonly problems: string[];
}

/** Makes such a log without lines. */
export function makeLog(): TestLog {
  const lines: string[] = [];
  function keep(level: string): (message: string, fields?: LogFields) => void {
    return (message, fields = {}) => void lines.push(`${level}: ${message}${formatFields(fields)}`);
  }
  const warn = keep("warn");
  return {
    lines,
    get problems() {
      return [...new Set(lines.filter((line) => /^(warn|error): /.test(line)))];
    },
    debug: keep("debug"),
    info: keep("info"),
    warn,
    error: keep("error"),
    warnOnce: once(warn),
  };
}

/** Bytes, in parts or in one, as text. */
export function text(bytes: Uint8Array | Parts): string {
  return new TextDecoder().decode(bytes instanceof Uint8Array ? bytes : concat([...bytes]));
}
