import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHmac } from "node:crypto";
import { writeArchive } from "../lib/archive/mod.ts";
import { DEFAULT_SETTINGS } from "../lib/config/mod.ts";
import type { Handler } from "../lib/http/mod.ts";
import { type CountingLog, createLog } from "../lib/observe/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { type Clock, MACHINE_CLOCK } from "../lib/source/mod.ts";
import { SecretWatch } from "./_secret_watch.ts";
import { constantFlag, DataFile } from "./e2e/_archive.ts";

/** Lines that are looked at. */
const LINES = 100_000;

/** Requests between two archives. */
const REQUESTS = 100;

/** Archives of one run. */
const ROUNDS = 20;

type Json = Record<string, unknown>;

/** Letters of which no six stand in a row in what a log may say. */
const secret = fc.string({ unit: fc.constantFrom(..."QXZJVKWY2357"), minLength: 10, maxLength: 24 });

/** Choices of one request or archive: each picks from some list. */
const choices = fc.tuple(...Array.from({ length: 6 }, () => fc.noBias(fc.nat({ max: 1_000_000 }))));

const scenario = fc.record({
  keys: fc.uniqueArray(secret, { minLength: 8, maxLength: 8 }),
  values: fc.uniqueArray(secret, { minLength: 16, maxLength: 16 }),
  rounds: fc.array(
    fc.record({
      archive: choices,
      requests: fc.array(choices, { minLength: REQUESTS, maxLength: REQUESTS }),
    }),
    { minLength: ROUNDS, maxLength: ROUNDS },
  ),
});

/** The machine's clock, with short waits: a copy in progress is waited for as long as ever, fifty times as fast. */
const CLOCK: Clock = { ...MACHINE_CLOCK, sleep: (ms, signal) => MACHINE_CLOCK.sleep(ms / 50, signal) };

function pick<T>(list: readonly T[], choice: number): T {
  return list[choice % list.length]!;
}

/** What clients and archives of one run are made of. */
class Material {
  readonly sdkKeys: string[];
  readonly mobileKeys: string[];
  /** Keys of no environment: most look like one. */
  readonly unknown: string[];
  readonly values: string[];
  readonly contexts: Json[];

  constructor(keys: readonly string[], values: readonly string[]) {
    this.sdkKeys = keys.slice(0, 4).map((key) => `sdk-${key}`);
    this.mobileKeys = keys.slice(4, 7).map((key) => `mob-${key}`);
    this.unknown = [
      keys[7]!,
      ...[...this.sdkKeys, ...this.mobileKeys].flatMap((key) => [
        `${key}Q`,
        key.slice(0, -1),
        key.slice(4),
        `${key.slice(0, 8)}${key.slice(8).toLowerCase()}`,
        `Bearer ${key}`,
        `${key}_${key}`,
      ]),
    ];
    this.values = [...values];
    this.contexts = values.map((value, i) => {
      const [name = "", other = "", third = ""] = [1, 2, 3].map((step) => pick(values, i + step));
      return pick<Json>([
        { key: value, custom: { [name]: other }, email: third },
        { kind: "user", key: value, name: other, [name]: { [other]: [third] } },
        { kind: name, key: value, anonymous: true },
        { kind: "multi", user: { key: value, [name]: third }, [name]: { key: other } },
      ], i);
    });
  }

  /** A context as a client sends it, many of them bad ones. */
  text(choice: number): string {
    const json = JSON.stringify(pick(this.contexts, choice));
    const [value, other] = [pick(this.values, choice), pick(this.values, choice + 1)];
    return pick([
      json,
      json,
      json,
      json.slice(0, -1),
      json.replace(/^\{/, `{${value}:`),
      JSON.stringify({ kind: "user", key: [value] }),
      JSON.stringify({ kind: `${value} ${other}`, key: value }),
      JSON.stringify({ kind: "multi", [value]: value }),
      JSON.stringify({ kind: "user", key: value, _meta: { privateAttributes: value } }),
      JSON.stringify(value),
      value,
      "",
    ], Math.floor(choice / this.contexts.length));
  }

  /** Every text of which nothing may be logged. */
  addTo(watch: SecretWatch): void {
    watch.add(...this.sdkKeys, ...this.mobileKeys, ...this.unknown, ...this.values);
    for (const context of this.contexts) {
      watch.add(encode(JSON.stringify(context)));
      for (const value of this.values) watch.addHashes(...this.sdkKeys.map((key) => hash(key, value)));
    }
  }
}

function encode(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url" });
}

/** The hash of secure mode for a context of kind `user`. */
function hash(sdkKey: string, contextKey: string): string {
  return createHmac("sha256", sdkKey).update(contextKey).digest("hex");
}

/** Makes an archive. Most have a fault, in what is near a key or an attribute. */
async function makeArchive(
  { sdkKeys, mobileKeys, values }: Material,
  picks: readonly number[],
): Promise<Uint8Array> {
  const [kind = 0, a = 0, b = 0, c = 0, fault = 0, secure = 0] = picks;
  const [key, other] = [pick(sdkKeys, a), pick(sdkKeys, b)];
  const keys = pick<Json>([
    { sdkKey: { value: key }, mobKey: pick(mobileKeys, c) },
    { sdkKey: { value: key, expiring: { value: other, timestamp: Date.now() + c % 400 } } },
    {
      sdkKeys: [{ value: key, expiry: Date.now() + b % 400 }, { value: other }],
      mobileKeys: mobileKeys.map((value) => ({ value })),
    },
    { sdkKey: { value: key }, sdkKeys: [{ value: other }], mobKey: pick(mobileKeys, a) },
    { sdkKey: key },
    { sdkKey: { value: key }, sdkKeys: [{ value: other, expiry: key }] },
    { sdkKeys: { [key]: other }, mobKey: [key] },
    { sdkKey: { value: key }, defaultTtl: key, secureMode: other },
  ], kind);
  const [value, name] = [pick(values, b), pick(values, c)];
  const clause = (op: string, values: unknown[]): Json => ({
    contextKind: "user",
    attribute: name,
    op,
    values,
  });
  const flag = pick<Json>([
    {},
    { targets: [{ values: [value], variation: 7 }] },
    {
      rules: [{ variation: 1, clauses: [clause("matches", [`(${value}`]), clause("semVerEqual", [value])] }],
    },
    { rules: [{ variation: 99, clauses: [clause("before", [value]), clause(value, [value])] }] },
    {
      rules: [{
        rollout: { variations: [], bucketBy: `/${name}~` },
        clauses: [clause("in", [{ [name]: value }])],
      }],
    },
    { targets: { [value]: name } },
    { targets: [{ values: [value, 5], variation: "0" }] },
    { version: value },
    { prerequisites: [{ key: "f" }] },
  ], fault);
  const data = JSON.stringify({
    flags: {
      f: { key: "f", ...constantFlag("one"), clientSide: true, ...flag },
      g: { key: "g", ...constantFlag(2) },
    },
    segments: {
      s: {
        key: "s",
        version: 1,
        included: [value],
        rules: [{ clauses: [clause("in", [value])], weight: a }],
      },
    },
  });
  const metadata = (id: string, env: Json): string =>
    JSON.stringify({
      env: { envID: id, envName: "Test", secureMode: secure % 3 === 0, ...env },
      dataId: "1",
    });
  const text = metadata("e1", keys);
  const files = [
    {
      id: "e1",
      metadata: pick([...Array(7).fill(text), text.slice(0, text.indexOf(key) + 9)], secure),
      data,
    },
    {
      id: "e2",
      metadata: metadata("e2", pick([{}, {}, {}, { sdkKey: { value: other } }], c)),
      data: pick([data, data, data.slice(0, -1)], a),
    },
  ];
  const archive = await writeArchive(files);
  const bad = pick([...Array(12).fill("none"), "cut", "flipped", "text"], secure);
  if (bad === "cut") return archive.subarray(0, archive.length - 30);
  if (bad === "flipped") archive[20 + b % (archive.length - 20)]! ^= 16;
  if (bad === "text") return new TextEncoder().encode(`${key}\n${value}\n`.repeat(100));
  return archive;
}

/** Makes a request as a client might, secrets everywhere. */
function makeRequest(material: Material, picks: readonly number[]): Request {
  const [kind = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = picks;
  const { sdkKeys, mobileKeys, unknown, values } = material;
  const key = pick([pick(sdkKeys, a), pick(mobileKeys, a), pick(unknown, a)], b);
  const [value, other] = [pick(values, c), pick(values, d)];
  const [text, env] = [material.text(e), pick(["e1", "e1", "e2", value, key], d)];
  const query = `?h=${hash(pick(sdkKeys, a), value)}&filter=${other}&${value}=${key}`;
  const headers: Record<string, string> = {
    authorization: key,
    "user-agent": `${value}/1`,
    "x-launchdarkly-tags": `application-id/${other}`,
    "x-launchdarkly-wrapper": value,
    "x-launchdarkly-user-agent": other,
    "x-ld-private": key,
    origin: `https://${value}.example`,
    ...pick<Json>([{}, {}, { host: `${value}:8030` }, { host: `${key} ${value}` }], e),
    ...pick<Json>([{ "content-type": "application/json" }, { "content-type": value }], c % 7),
  };
  const failing = new ReadableStream({ pull: () => Promise.reject(new Error(`Lost ${value} of ${key}`)) });
  const body = pick<BodyInit>([text, text, text, `${text},{`, failing], d);
  const [get, report, post] = ["GET", "REPORT", "POST"].map(
    (method) => (path: string): [string, string] => [method, path],
  );
  const [method, path] = pick<() => [string, string]>([
    () =>
      get!(pick(["/sdk/latest-all", "/sdk/flags", "/all", "/flags", "/sdk/goals/e1", "/mping"], c) + query),
    () => get!(pick([`/sdk/flags/${value}`, `/sdk/segments/${value}`, `/sdk/flags/f?${key}`], d)),
    () => get!(`/sdk/evalx/${env}/${pick(["contexts", "users"], a)}/${encode(text)}${query}`),
    () =>
      get!(
        `${pick(["/sdk/eval/users", "/msdk/evalx/contexts", "/msdk/eval/users", "/meval"], b)}/${
          encode(text)
        }${query}`,
      ),
    () => get!(`/eval/${env}/${encode(text)}${query}`),
    () => report!(`/sdk/evalx/${env}/${pick(["context", "user"], a)}${query}`),
    () => report!(pick(["/msdk/evalx/context", "/sdk/evalx/user", "/meval", `/eval/${env}`], b) + query),
    () =>
      post!(
        pick(["/bulk", "/mobile", "/diagnostic", `/events/bulk/${env}`, "/sdk/evalx/e1/context"], b) + query,
      ),
    () => get!(`/a/${env}.gif?d=${encode(text)}`),
    () =>
      get!(
        pick(
          [`/${value}`, `//${key}/../${value}`, `/sdk/flags/${key}%00`, `/%zz${value}`, `/ping/${env}`],
          d,
        ),
      ),
    () => get!(pick(["/status", "/health/ready", "/", "/version"], d) + query),
    () => [
      pick([`${value}${other}`, "OPTIONS", "HEAD", "DELETE"], d),
      pick(["/sdk/flags", `/eval/${env}/${value}`], c),
    ],
  ], kind)();
  const hasBody = !["GET", "HEAD"].includes(method);
  return new Request(`http://relay${path}`, { method, headers, ...hasBody && { body } });
}

async function answer(handler: Handler, request: Request): Promise<void> {
  const { body } = await handler(request);
  await body?.cancel();
}

/** A relay in this process; requests to it are calls. */
async function start(file: DataFile, log: CountingLog): Promise<{ relay: Relay; handler: Handler }> {
  const settings = {
    ...DEFAULT_SETTINGS,
    fileDataSource: file.path,
    fileDataSourceMonitoringInterval: 3_600_000,
    shutdownDelay: 0,
  };
  const started = Promise.withResolvers<Handler>();
  const addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 8030 };
  const relay = await startRelay(settings, {
    log,
    clock: CLOCK,
    listen(handler) {
      started.resolve(handler);
      return Promise.resolve({ addr, shutdown: () => Promise.resolve() });
    },
  });
  return { relay, handler: await started.promise };
}

Deno.test(`a relay at level debug logs no six characters of a key, nothing of a context, in ${LINES} lines`, async () => {
  let lines = 0;
  await fc.assert(
    fc.asyncProperty(scenario, fc.constantFrom("text", "json"), async ({ keys, values, rounds }, format) => {
      const material = new Material(keys, values);
      const watch = new SecretWatch();
      material.addTo(watch);
      const log = createLog({ level: "debug", format, write: (line) => watch.check(line) });
      await using file = await DataFile.create(await makeArchive(material, [0, 0, 1, 0, 0, 1]));
      {
        const { relay, handler } = await start(file, log);
        await using _ = relay;
        for (const { archive, requests } of rounds) {
          await file.replace(await makeArchive(material, archive));
          await relay.reload();
          for (const picks of requests) {
            const request = makeRequest(material, picks);
            await answer(handler, request);
            assertEquals(watch.leak, undefined, `${request.method} ${request.url}`);
          }
        }
      }
      log.reportRepeated(true);
      assertEquals(watch.leak, undefined);
      lines += watch.lines;
    }),
    { seed: Date.now(), numRuns: Math.ceil(LINES / REQUESTS / ROUNDS), endOnFailure: true },
  );
  assert(lines >= LINES, `${lines} lines`);
});
