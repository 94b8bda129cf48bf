import { timingSafeEqual } from "node:crypto";
import { type Guard, readBody, TEXT_HEADERS, type Visit } from "../../http/mod.ts";
import type { Log } from "../../observe/mod.ts";
import { isLoopback, normalizeHost } from "../../wire/mod.ts";
import { createDigest } from "./_digest.ts";
import { renderForm } from "./_form.ts";
import { secure } from "./_headers.ts";
import { Sessions } from "./_sessions.ts";
import { WrongTokens } from "./_wrong_tokens.ts";

/** Path of the explorer. */
const PATH = "/explorer";

/** Path of its API. */
const API_PATH = `${PATH}/api/`;

/** Name of the cookie of a session. */
const COOKIE = "halyard_explorer";

/** Longest form: bytes. A token of 1000 characters, each percent-encoded, has 3000. @limit bytes: the request is answered 401 */
const MAX_FORM_BYTES = 4096;

/** Options for {@linkcode explorerGuard}. */
export interface AccessOptions {
  /** Token that opens it. Absent: it is open to whoever reaches it. */
  token?: string;
  /** Hosts by which it may be asked for besides those of loopback, as `normalizeHost()` has them. */
  hosts: readonly string[];
  /** Log of wrong tokens, which are only counted. */
  log: Log;
  /** Clock that does not jump: ms. @default {performance.now} */
  now?: () => number;
}

/** Why a request does not get what it asks for. */
interface Refusal {
  status: number;
  /** A sentence for people, without a period. */
  message: string;
  /** What to do. */
  hint: string;
  /** Further headers. */
  headers?: Record<string, string>;
}

const WRONG_HOST: Refusal = {
  status: 403,
  message: "the explorer is not asked for by this name",
  hint: "ask for localhost or 127.0.0.1, or add the name to ADMIN_HOSTS ([Admin] hosts)",
};

const WRONG_ORIGIN: Refusal = {
  status: 403,
  message: "the request comes from a page of another origin",
  hint: "send it from the explorer itself, or from a script without Origin and Sec-Fetch-Site",
};

const NO_SESSION: Refusal = {
  status: 401,
  message: "the explorer asks for its token",
  hint: "open /explorer in a browser, or send Authorization: Bearer with ADMIN_TOKEN ([Admin] token)",
  headers: { "www-authenticate": "Bearer" },
};

const WRONG_TOKEN: Refusal = { ...NO_SESSION, message: "this is not the token of the explorer" };

/**
 * Creates what stands before the explorer: by which names it may be asked for, from which pages, and by whom.
 *
 * @param options The token, names, and the log.
 * @returns The guard of all that is at `/explorer`.
 */
export function explorerGuard({ token, hosts, log, now = () => performance.now() }: AccessOptions): Guard {
  const digest = createDigest();
  const expected = token === undefined ? undefined : digest(token);
  const sessions = new Sessions(digest, now);
  const wrongTokens = new WrongTokens(now);

  function isRight(sent: string): boolean {
    return expected !== undefined && timingSafeEqual(digest(sent), expected);
  }

  /** The right token is always let in: only wrong ones are counted. */
  function refuseToken({ address = "" }: Visit): Refusal {
    log.warn("A wrong token was sent to the explorer", {
      hint: "if it was nobody of yours, see who reaches the admin listener (ADMIN_BIND_ADDRESS)",
    });
    const wait = Math.ceil(wrongTokens.count(address) / 1000);
    return wait === 0 ? WRONG_TOKEN : {
      status: 429,
      message: "too many wrong tokens came from this address",
      hint: "try again in a minute; the right token is let in at any time",
      headers: { "retry-after": `${wait}` },
    };
  }

  /** Finds out why a request is not answered. */
  function findRefusal(request: Request, visit: Visit): Refusal | undefined {
    if (expected === undefined || listCookies(request, COOKIE).some((name) => sessions.has(name))) {
      return undefined;
    }
    const [, sent] = /^bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (sent === undefined) return NO_SESSION;
    return isRight(sent) ? undefined : refuseToken(visit);
  }

  async function logIn(request: Request, visit: Visit): Promise<Response> {
    const sent = await readToken(request);
    if (typeof sent !== "string") return refuse(sent, visit);
    if (!isRight(sent)) return refuse(refuseToken(visit), visit);
    const attributes = `HttpOnly; SameSite=Strict; Path=${PATH}`;
    return new Response(null, {
      status: 303,
      headers: { location: PATH, "set-cookie": `${COOKIE}=${sessions.begin()}; ${attributes}` },
    });
  }

  async function answer(request: Request, visit: Visit): Promise<Response> {
    const { method } = request;
    if (!isOwnHost(request, hosts)) return refuse(WRONG_HOST, visit);
    const isChange = method !== "GET" && method !== "HEAD";
    const isLogin = expected !== undefined && method === "POST" && visit.path === PATH;
    const refusal = isLogin ? undefined : findRefusal(request, visit);
    if (refusal) return refuse(refusal, visit);
    if (isChange && !isSameOrigin(request)) return refuse(WRONG_ORIGIN, visit);
    return isLogin ? await logIn(request, visit) : await visit.next();
  }

  return { path: PATH, answer: async (request, visit) => secure(await answer(request, visit)) };
}

/** Refuses in the form that is read: the page by a form, the API by JSON, all else by a line of text. */
function refuse({ status, message, hint, headers = {} }: Refusal, { path }: Visit): Response {
  if (path.startsWith(API_PATH)) return Response.json({ error: message, hint }, { status, headers });
  const isForm = path === PATH && (status === 401 || status === 429);
  if (!isForm) {
    return new Response(`${message}: ${hint}\n`, { status, headers: { ...TEXT_HEADERS, ...headers } });
  }
  const note = status === 401 && message === NO_SESSION.message
    ? ""
    : `${message[0]!.toUpperCase()}${message.slice(1)}.`;
  return new Response(renderForm(note), {
    status,
    headers: { "content-type": "text/html; charset=utf-8", ...headers },
  });
}

/** Reads the token out of a form, or says why there is none. */
async function readToken(request: Request): Promise<string | Refusal> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return {
      ...NO_SESSION,
      message: "a form is expected",
      hint: "open /explorer in a browser; scripts send Authorization: Bearer",
    };
  }
  const body = await readBody(request, MAX_FORM_BYTES).catch(() => new Uint8Array());
  if (!body) {
    return {
      ...NO_SESSION,
      message: `a form has ${MAX_FORM_BYTES} bytes at most`,
      hint: "send the field token alone",
    };
  }
  return new URLSearchParams(new TextDecoder().decode(body)).get("token") ?? "";
}

/**
 * Reports whether a request is for this host by a name that no other machine's owner can point here. Its target may name a host too,
 * which is the one that counts (RFC 9112 3.2.2); a server that finds none there takes that of `Host`.
 */
function isOwnHost({ headers, url }: Request, hosts: readonly string[]): boolean {
  return [headers.get("host"), URL.parse(url)?.host].every((authority) => {
    const host = normalizeHost((authority ?? "").replace(/:\d*$/, ""));
    return host !== undefined && (isLoopback(host) || hosts.includes(host));
  });
}

/** Reports whether a request comes from a page of this origin, or from no page at all. */
function isSameOrigin({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site !== null && site !== "same-origin") return false;
  // A page whose referrer policy is "no-referrer" has forms without origin.
  if (origin === null || origin === "null") return origin === null || site !== null;
  const [scheme] = /^https?:/.exec(origin) ?? [];
  return scheme !== undefined && URL.parse(`${scheme}//${headers.get("host")}`)?.origin === origin;
}

/** Lists the values of a cookie. */
function listCookies({ headers }: Request, name: string): string[] {
  return (headers.get("cookie") ?? "").split(";").flatMap((pair) => {
    const [key, value] = pair.trim().split("=", 2);
    return key === name && value !== undefined ? [value] : [];
  });
}
