import { compareEnvironments, compareServed, differencesToJson } from "../../inspection/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import type { Pause } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";
import { asContext, asFields, type Fields, readFields } from "./_body.ts";
import { respondJson } from "./_responses.ts";
import { type ExplorerServices, noEnvironment, requireReady, requireSnapshot } from "./_served.ts";

/** Services that comparisons use. */
type DiffServices = Pick<ExplorerServices, "store" | "getPrevious">;

/** One side of a comparison. */
interface ComparedSide {
  environment: StoredEnvironment | undefined;
  /** Error for who needs it and it is not there. */
  missing: ApiError;
  /** JSON of a context. */
  context?: unknown;
}

/**
 * Answers `POST diff`: compares two versions of environments, or what they serve to contexts.
 *
 * @param services What is served, and was before.
 * @param request The request.
 * @param pause Called between steps.
 * @returns The answer.
 * @throws {ApiError} When the body is no such request, or there is nothing to compare.
 */
export async function answerDiff(services: DiffServices, request: Request, pause: Pause): Promise<Response> {
  const fields = await readFields(request, ["from", "to"]);
  const [from, to] = [readSide(services, fields, "from"), readSide(services, fields, "to")];
  if (("context" in from) !== ("context" in to)) {
    throw new ApiError(400, "one side has a context, the other has none", "give both one, or neither");
  }
  if ("context" in from) {
    const [old, now] = [from, to].map(({ environment, missing, context }) => {
      if (!environment) throw missing;
      return { snapshot: requireSnapshot(environment), context: asContext(context) };
    });
    const flags = await compareServed(old!, now!, pause);
    return await respondJson({ same: flags.length === 0, flags }, pause);
  }
  if (!from.environment && !to.environment) throw from.missing;
  const difference = await compareEnvironments(toVersion(from), toVersion(to), pause);
  return await respondJson(differencesToJson([{ difference }], false), pause);
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
