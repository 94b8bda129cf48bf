import { createSession, EvaluationLimitError } from "../../evaluation/mod.ts";
import type { OpenRoute, RouteContext } from "../../http/mod.ts";
import {
  type AskedOfFlags,
  describeFlagResult,
  describeMembership,
  environmentToJson,
  evaluateFlagInSlices,
  explainMembership,
  flagResultToJson,
  inspectedItemToJson,
  inspectItemsInSlices,
  type ListedItem,
  listedItemToJson,
  listItems,
} from "../../inspection/mod.ts";
import type { JsonValue } from "../../model/mod.ts";
import type { ItemKind, Snapshot } from "../../snapshot/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import { finishSlices, type Parts, Turns } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";
import { asBoolean, asContext, type Fields, readFields } from "./_body.ts";
import { listConnections } from "./_connections.ts";
import { answerDiff } from "./_diff.ts";
import { JsonText, type Work } from "./_json_text.ts";
import { respondWithParts, toParts, writeParts } from "./_responses.ts";
import { createSdkRequest, SDK_ROUTES } from "./_sdk_routes.ts";
import {
  type ExplorerServices,
  noEnvironment,
  requireMemory,
  requireReady,
  requireSnapshot,
} from "./_services.ts";

/** Most requests to the API that are being answered, or whose answers are being sent, at one time. A page has a few. @limit requests: further ones are answered 503 with `Retry-After` */
const MAX_REQUESTS = 16;

/** Most bytes of all answers that are being made or sent at one time: room for two of the longest. @limit bytes: a further one is answered 503 with `Retry-After` */
const MAX_OPEN_BYTES = 32 * 1024 * 1024;

/** Answer of the API: JSON, or an answer that it only passes on. */
type Answer = Parts | Response;

/** Answers one request. */
type Handle = (request: Request, context: RouteContext, work: Work) => Answer | Promise<Answer>;

const ENCODER = new TextEncoder();

/** What to do about a key that is not there. */
const LISTED = "GET /explorer/api/flags/ENV lists all";

/** Kinds of items, in the order of lists. */
const KINDS: readonly ItemKind[] = ["flags", "segments"];

/** Headers of SDKs' answers that are passed on: those of CORS must not be. */
const SDK_HEADERS = ["content-type", "content-length", "etag"];

/**
 * Creates the routes of the API, docs/schemas/explorer.json. Nothing of it changes anything. Answers are those of the commands on the
 * same data.
 *
 * @param services What is served, and how the relay stands.
 * @returns The routes.
 */
export function apiRoutes(services: ExplorerServices): OpenRoute[] {
  const { store } = services;
  const turns = new Turns();
  let open = 0;
  let openBytes = 0;
  /** The list that was asked for last: who goes back to it asks again. One, since each may have megabytes. */
  let lastList: { snapshot: WeakRef<Snapshot>; items: Parts } | undefined;

  function route(method: "GET" | "POST", path: string, answer: Handle): OpenRoute {
    async function handle(request: Request, context: RouteContext): Promise<Response> {
      if (open >= MAX_REQUESTS) return tooMany().toResponse();
      open++;
      let bytes = 0;
      function charge(more: number): void {
        if (openBytes + more > MAX_OPEN_BYTES) throw tooMany();
        openBytes += more;
        bytes += more;
      }
      function end(): void {
        open--;
        openBytes -= bytes;
      }
      let parts: Parts | undefined;
      try {
        const answered = await answer(request, context, { pause: turns.createPause(), charge });
        if (answered instanceof Response) return answered;
        parts = answered;
      } catch (error) {
        if (error instanceof ApiError) return error.toResponse();
        if (!(error instanceof EvaluationLimitError)) throw error;
        return new ApiError(503, error.message, "take out of the context what is far too long").toResponse();
      } finally {
        if (!parts) end();
      }
      const response = respondWithParts(parts, end);
      if (request.method !== "HEAD") return response;
      await response.body!.cancel();
      return new Response(null, response);
    }
    return { method, path: `/explorer/api/${path}`, handle };
  }

  function getEnvironment({ params }: RouteContext): StoredEnvironment {
    requireReady(store);
    const id = params["env"]!;
    const environment = store.get(id);
    if (!environment) throw noEnvironment(id, "what is served");
    return environment;
  }

  function listEnvironments(): Parts {
    const previous = services.getPrevious();
    const removed = previous?.values().filter(({ id }) => !store.get(id)) ?? [];
    return toParts({
      status: services.describeRelay(),
      hasPrevious: previous !== undefined,
      removed: Array.from(removed, environmentToJson),
      environments: store.environments.map((environment) => {
        const { fault, snapshot, since } = environment;
        const evaluationLimitsReached = services.countLimitsReached(environment.id);
        return {
          ...environmentToJson(environment),
          status: { connected: snapshot !== undefined, since, fault, evaluationLimitsReached },
        };
      }),
    });
  }

  async function listFlags(_request: Request, context: RouteContext, work: Work): Promise<Parts> {
    const environment = getEnvironment(context);
    const snapshot = requireSnapshot(environment);
    const items = lastList?.snapshot.deref() === snapshot ? lastList.items : await writeItems(snapshot, work);
    lastList = { snapshot: new WeakRef(snapshot), items };
    const head = `${JSON.stringify(environmentToJson(environment)).slice(0, -1)},"items":`;
    return [ENCODER.encode(head), ...items, ENCODER.encode("}")];
  }

  async function inspectFlag(_request: Request, context: RouteContext, work: Work): Promise<Parts> {
    const snapshot = requireSnapshot(getEnvironment(context));
    const key = context.params["key"]!;
    const items = await finishSlices(inspectItemsInSlices(snapshot, key), work.pause);
    if (items.length === 0) {
      const isDeleted = KINDS.some((kind) => snapshot.items.find(kind, key) >= 0);
      throw new ApiError(
        404,
        `there is no flag or segment ${JSON.stringify(key)}${isDeleted ? ": it was deleted" : ""}`,
        LISTED,
      );
    }
    const described = items.map((item) => ({
      ...inspectedItemToJson(item),
      json: item.value,
      ...markOverridden(item),
    }));
    return await writeParts({ items: described }, work);
  }

  async function evaluate(request: Request, route: RouteContext, work: Work): Promise<Parts> {
    const { pause } = work;
    const snapshot = requireSnapshot(getEnvironment(route));
    const fields = await readFields(request, ["context", "flags", "why", "want", "words"], pause);
    const { parsed: context } = asContext(fields["context"]);
    const named = asKeys(fields, snapshot);
    const { want } = fields as { want?: JsonValue };
    // A search may take two seconds, with pauses.
    if (want !== undefined && named?.length !== 1) {
      throw new ApiError(400, '"want" is for one flag', 'name it: {"flags": ["checkout"], "want": true, …}');
    }
    requireMemory(services, [snapshot]);
    const asked: AskedOfFlags = {
      snapshot,
      session: createSession(await snapshot.compile(pause), context),
      context,
      withTrace: asBoolean(fields, "why"),
      want: want === undefined ? undefined : () => want,
    };
    const isInWords = asBoolean(fields, "words");
    const text = new JsonText(work);
    text.add('{"flags":[');
    for (const [i, key] of (named ?? listKeys(snapshot)).entries()) {
      const result = await finishSlices(evaluateFlagInSlices(asked, key), pause);
      const words = isInWords && { words: describeFlagResult(result!) };
      if (i > 0) text.add(",");
      await text.addValue({ ...flagResultToJson(result!), ...words });
    }
    text.add("]}");
    return text.finish();
  }

  async function testSegment(request: Request, route: RouteContext, work: Work): Promise<Parts> {
    const { pause } = work;
    const snapshot = requireSnapshot(getEnvironment(route));
    const { context } = await readFields(request, ["context"], pause);
    const key = route.params["key"]!;
    const trace = await explainMembership(snapshot, key, asContext(context).parsed, pause);
    if (!trace) throw new ApiError(404, `there is no segment ${JSON.stringify(key)}`, LISTED);
    return await writeParts({ trace, words: describeMembership(trace) }, work);
  }

  async function listClients(): Promise<Parts> {
    const connections = listConnections(await services.collectMetrics(), store.environments);
    return toParts({ connections });
  }

  async function askSdkRoute(request: Request, context: RouteContext, { pause }: Work): Promise<Response> {
    const snapshot = requireSnapshot(getEnvironment(context));
    const fields = await readFields(request, ["route", "stream", "context"], pause);
    const route = SDK_ROUTES.find(({ name }) => name === fields["route"]);
    if (!route) throw new ApiError(400, '"route" is none', "GET /explorer/api/sdk lists all");
    if (route.body) requireMemory(services, [snapshot]);
    const sent = createSdkRequest({
      route,
      isStream: asBoolean(fields, "stream"),
      snapshot,
      ...route.body && { context: asContext(fields["context"]) },
    });
    const { status, headers, body } = await services.answerSdk(sent);
    const kept = SDK_HEADERS.flatMap((name) => headers.has(name) ? [[name, headers.get(name)!]] : []);
    return new Response(body, { status, headers: Object.fromEntries(kept) });
  }

  return [
    route("GET", "environments", listEnvironments),
    route("GET", "flags/{env}", listFlags),
    route("GET", "flags/{env}/{key}", inspectFlag),
    route("POST", "evaluate/{env}", evaluate),
    route("POST", "segments/{env}/{key}", testSegment),
    route("POST", "diff", (request, _context, work) => answerDiff(services, request, work)),
    route("GET", "connections", listClients),
    route("GET", "sdk", () => toParts({ routes: SDK_ROUTES })),
    route("POST", "sdk/{env}", askSdkRoute),
    ...(["GET", "POST"] as const).map((method) =>
      route(method, "{path...}", () => {
        throw new ApiError(404, "there is no such route", "docs/explorer.md lists all");
      })
    ),
  ];
}

function tooMany(): ApiError {
  return new ApiError(503, "too many requests at a time");
}

/** Writes the items of a list as JSON. Each of them is short, so it is written at once. */
async function writeItems(snapshot: Snapshot, work: Work): Promise<Parts> {
  const text = new JsonText(work);
  let mark = "[";
  for (const item of listItems(snapshot)) {
    text.add(mark + JSON.stringify({ ...listedItemToJson(item), ...markOverridden(item) }));
    mark = ",";
    await work.pause();
  }
  text.add(mark === "[" ? "[]" : "]");
  return text.finish();
}

function markOverridden({ isOverridden }: Pick<ListedItem, "isOverridden">): { overridden?: true } {
  return isOverridden ? { overridden: true } : {};
}

function listKeys({ items }: Snapshot): string[] {
  const positions = Array.from({ length: items.flagCount }, (_, position) => position);
  return positions.filter((position) => !items.isDeleted(position)).map((position) => items.getKey(position));
}

/** Reads the keys of flags that are asked for; `undefined` for all. */
function asKeys({ flags }: Fields, snapshot: Snapshot): string[] | undefined {
  if (flags === undefined) return undefined;
  if (!Array.isArray(flags) || flags.length === 0 || !flags.every((key) => typeof key === "string")) {
    throw new ApiError(400, '"flags" is not a list of keys', "leave it out for all flags");
  }
  const missing = flags.find((key) => !snapshot.find("flags", key)?.document);
  if (missing === undefined) return flags;
  throw new ApiError(
    404,
    `there is no flag ${JSON.stringify(missing)}`,
    LISTED,
  );
}
