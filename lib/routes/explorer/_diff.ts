import {
  compareContexts,
  compareEnvironments,
  compareServed,
  type ContextComparison,
  describeReason,
  differencesToJson,
  type ServedSide,
  type ServedValue,
} from "../../inspection/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import type { Parts, Pause } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";
import { asContext, asFields, type Fields, readFields } from "./_body.ts";
import type { Work } from "./_json_text.ts";
import { writeParts } from "./_responses.ts";
import {
  type ExplorerServices,
  noEnvironment,
  requireMemory,
  requireReady,
  requireSnapshot,
} from "./_services.ts";

/** Most contexts of a sample, for each of which all flags that differ are evaluated twice. @limit contexts: the request is answered 400 */
const MAX_CONTEXTS = 1_000;

/** Services that comparisons use. */
type DiffServices = Pick<ExplorerServices, "store" | "getPrevious" | "canCompile">;

/** One side of a comparison. */
interface ComparedSide {
  environment: StoredEnvironment | undefined;
  /** Error for who needs it and it is not there. */
  missing: ApiError;
  /** JSON of a context. */
  context?: unknown;
}

/**
 * Answers `POST diff`: compares two versions of environments, for a sample of contexts too, or what they serve to
 * a context on each side.
 *
 * @param services What is served, and was before.
 * @param request The request.
 * @param work Is paused between steps, and charged.
 * @returns The answer: JSON.
 * @throws {ApiError} When the body is no such request, or there is nothing to compare.
 */
export async function answerDiff(services: DiffServices, request: Request, work: Work): Promise<Parts> {
  const { pause } = work;
  const fields = await readFields(request, ["from", "to", "contexts"], pause);
  const [from, to] = [readSide(services, fields, "from"), readSide(services, fields, "to")];
  if (("context" in from) !== ("context" in to)) {
    throw new ApiError(400, "one side has a context, the other has none", "give both one, or neither");
  }
  const { contexts } = fields;
  if ("context" in from) {
    if (contexts !== undefined) throw new ApiError(400, '"contexts" are for sides without a context');
    const [old, now] = [from, to].map((side) => ({
      snapshot: requireSideSnapshot(side),
      context: asContext(side.context).parsed,
    })) as [ServedSide, ServedSide];
    requireMemory(services, [old.snapshot, now.snapshot]);
    const differences = await compareServed(old, now, pause);
    const flags = differences.map(({ key, from, to }) => ({ key, from: addWords(from), to: addWords(to) }));
    return await writeParts({ same: flags.length === 0, flags }, work);
  }
  if (!from.environment && !to.environment) throw from.missing;
  const difference = await compareEnvironments(toVersion(from), toVersion(to), pause);
  const comparison = contexts === undefined
    ? undefined
    : await compareSample(services, [from, to], contexts, pause);
  const compared = { difference, ...comparison && { contexts: comparison } };
  return await writeParts(differencesToJson([compared], contexts !== undefined), work);
}

/** Compares what contexts get on two sides; nothing where one has no data, as with `halyard diff`. */
async function compareSample(
  services: DiffServices,
  sides: readonly ComparedSide[],
  contexts: unknown,
  pause: Pause,
): Promise<ContextComparison | undefined> {
  if (!Array.isArray(contexts) || contexts.length > MAX_CONTEXTS) {
    const hint = "halyard diff --contexts FILE takes any number";
    throw new ApiError(400, `"contexts" is not a list of ${MAX_CONTEXTS} contexts at most`, hint);
  }
  const [before, after] = sides.map(({ environment }) => environment?.snapshot);
  const both: [Snapshot, Snapshot][] = before && after ? [[before, after]] : [];
  requireMemory(services, both.flat());
  const parsed = contexts.values().map((context) => asContext(context).parsed);
  const [comparison] = await compareContexts(both, parsed, pause);
  return comparison;
}

function requireSideSnapshot({ environment, missing }: ComparedSide): Snapshot {
  if (!environment) throw missing;
  return requireSnapshot(environment);
}

function addWords(served: ServedValue | null): ServedValue & { words: string } | null {
  return served && { ...served, words: describeReason(served.reason) };
}

/** Reads one side of a comparison. */
function readSide(
  { store, getPrevious }: DiffServices,
  fields: Fields,
  name: "from" | "to",
): ComparedSide {
  const { env, data = "current", context } = asFields(fields[name], `"${name}"`, [
    "data",
    "env",
    "context",
  ]);
  if (typeof env !== "string") {
    throw new ApiError(400, `"${name}" has no "env"`, "it is the client-side ID of an environment");
  }
  if (data !== "current" && data !== "previous") {
    throw new ApiError(400, `"data" of "${name}" is neither "current" nor "previous"`);
  }
  requireReady(store);
  const previous = data === "previous" ? getPrevious() : undefined;
  if (data === "previous" && !previous) {
    throw new ApiError(
      404,
      "what was served before the last reload is not kept",
      "it is from the first reload on, as long as there is memory for it",
    );
  }
  return {
    environment: previous ? previous.get(env) : store.get(env),
    missing: noEnvironment(env, data === "previous" ? "what was served before" : "what is served"),
    ...context !== undefined && { context },
  };
}

function toVersion({ environment }: ComparedSide): Parameters<typeof compareEnvironments>[0] {
  if (!environment) return undefined;
  const { id, snapshot, metadata, fault = "" } = environment;
  return snapshot ?? { id, fault, ...metadata && { metadata } };
}
