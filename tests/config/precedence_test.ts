import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DEFAULT_SETTINGS, SettingsError } from "../../lib/config/mod.ts";
import { runs } from "../_nightly.ts";
import { load } from "./_load.ts";

// The rules of precedence said a second time, in the plainest way, and compared on generated files and environments.

type Kind = "scalar" | "boolean" | "list";

/** A setting with texts that are right for it and what they mean. */
interface Case {
  section: string;
  name: string;
  env: string;
  kind: Kind;
  values: Record<string, unknown>;
}

const TIMES = { "0": 0, "99ms": 99, "100ms": 100, "1m30s": 90_000 };
const BOOLEANS = { true: true, NO: false, "1": true, "0": false };
const LISTS = { a: ["a"], "b,c": ["b", "c"], "http://x y": ["http://x y"] };

const CASES: Case[] = [
  { section: "Main", name: "port", env: "PORT", kind: "scalar", values: { "1": 1, "8031": 8031 } },
  { section: "Main", name: "heartbeatInterval", env: "HEARTBEAT_INTERVAL", kind: "scalar", values: TIMES },
  {
    section: "Main",
    name: "logLevel",
    env: "LOG_LEVEL",
    kind: "scalar",
    values: { WARN: "warn", none: "none" },
  },
  { section: "Main", name: "exitAlways", env: "EXIT_ALWAYS", kind: "boolean", values: BOOLEANS },
  { section: "Main", name: "tlsEnabled", env: "TLS_ENABLED", kind: "boolean", values: BOOLEANS },
  { section: "Main", name: "tlsCert", env: "TLS_CERT", kind: "scalar", values: { c: "c", "/a ;b": "/a ;b" } },
  {
    section: "Main",
    name: "tlsKey",
    env: "TLS_KEY",
    kind: "scalar",
    values: { k: "k", 'C:\\"k"': 'C:\\"k"' },
  },
  {
    section: "Main",
    name: "expiredCredentialCleanupInterval",
    env: "EXPIRED_CREDENTIAL_CLEANUP_INTERVAL",
    kind: "scalar",
    values: TIMES,
  },
  {
    section: "OfflineMode",
    name: "fileDataSource",
    env: "FILE_DATA_SOURCE",
    kind: "scalar",
    values: { "f.tar.gz": "f.tar.gz", "g #1": "g #1" },
  },
  {
    section: "OfflineMode",
    name: "fileDataSourceMonitoringInterval",
    env: "FILE_DATA_SOURCE_MONITORING_INTERVAL",
    kind: "scalar",
    values: TIMES,
  },
  {
    section: "OfflineMode",
    name: "envAllowedOrigin",
    env: "ENV_ALLOWED_ORIGIN",
    kind: "list",
    values: LISTS,
  },
  {
    section: "OfflineMode",
    name: "envAllowedHeader",
    env: "ENV_ALLOWED_HEADER",
    kind: "list",
    values: LISTS,
  },
  {
    section: "Events",
    name: "maxInboundPayloadSize",
    env: "EVENTS_MAX_INBOUND_PAYLOAD_SIZE",
    kind: "scalar",
    values: { "0B": 0, "1KiB": 1024 },
  },
];

/** A setting and a text for it. */
interface Assignment {
  setting: Case;
  text: string;
}

/** Where a text stands in a file and how it is written there; nothing of it may matter. */
interface Line extends Assignment {
  isUpperCase: boolean;
  isQuoted: boolean;
  comment: string;
}

function assignment(source: "file" | "environment"): fc.Arbitrary<Assignment> {
  return fc.constantFrom(...CASES).chain((setting) => {
    const texts = Object.keys(setting.values);
    if (source === "environment" || setting.kind !== "boolean") texts.push("");
    return fc.record({ setting: fc.constant(setting), text: fc.constantFrom(...texts) });
  });
}

const line: fc.Arbitrary<Line> = fc.record({
  isUpperCase: fc.boolean(),
  isQuoted: fc.boolean(),
  comment: fc.constantFrom("", " # x = y", ";[z]"),
}).chain((style) => assignment("file").map((assignment) => ({ ...assignment, ...style })));

function writeLine({ setting: { section, name }, text, isUpperCase, isQuoted, comment }: Line): string {
  if (isQuoted || /[ \\";#]/.test(text)) text = `"${text.replace(/[\\"]/g, "\\$&")}"`;
  if (isUpperCase) [section, name] = [section.toUpperCase(), name.toUpperCase()];
  return `[${section}]${comment}\n  ${name} = ${text}${comment}\n`;
}

type State = Record<string, unknown>;

function apply(state: State, { setting: { name, kind, values }, text }: Assignment): void {
  const value = values[text];
  if (kind === "list") state[name] = [...(state[name] as unknown[] ?? []), ...(value as unknown[] ?? [])];
  else if (kind !== "boolean" || text !== "") state[name] = value;
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function isConflict(state: State): boolean {
  const {
    tlsEnabled,
    tlsCert,
    tlsKey,
    fileDataSource,
    fileDataSourceMonitoringInterval: interval,
    expiredCredentialCleanupInterval: cleanup,
    maxInboundPayloadSize: payload,
  } = state;
  return tlsEnabled === true && !(tlsCert && tlsKey) ||
    !fileDataSource &&
      (interval !== undefined || hasItems(state.envAllowedOrigin) || hasItems(state.envAllowedHeader)) ||
    interval !== undefined && Number(interval) < 100 ||
    cleanup !== undefined && Number(cleanup) < 100 ||
    payload === 0;
}

/** What must come out: settings, or the stage that refuses. */
function expected(lines: Line[], variables: Assignment[]): unknown {
  const state: State = {};
  for (const line of lines) apply(state, line);
  if (isConflict(state)) return "file";
  for (const variable of variables) apply(state, variable);
  if (isConflict(state)) return "environment";
  if (!state.fileDataSource) return "relay";
  const { tlsEnabled, tlsCert, tlsKey, ...rest } = state;
  const tls = tlsEnabled ? { tls: { cert: tlsCert, key: tlsKey, minVersion: "1.2" } } : {};
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(set), ...tls };
}

/** What does come out. */
function actual(lines: Line[], variables: Assignment[]): unknown {
  const env = Object.fromEntries(variables.map(({ setting, text }) => [setting.env, text]));
  try {
    return load({ file: lines.map(writeLine).join(""), env }).settings;
  } catch (error) {
    if (error instanceof SettingsError) return error.stage;
    throw error;
  }
}

Deno.test("loadSettings() takes the file, valid on its own, then the environment; lists grow", () => {
  const source: Line = {
    setting: CASES.find(({ name }) => name === "fileDataSource")!,
    text: "f.tar.gz",
    isUpperCase: false,
    isQuoted: false,
    comment: "",
  };
  const lines = fc.tuple(fc.boolean(), fc.array(line, { maxLength: 8 })).map(([hasSource, lines]) =>
    hasSource ? [source, ...lines] : lines
  );
  const variables = fc.uniqueArray(assignment("environment"), {
    maxLength: 8,
    selector: ({ setting }) => setting.env,
  });
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(lines, variables, (lines, variables) => {
      const outcome = expected(lines, variables);
      assertEquals(actual(lines, variables), outcome);
      const kind = typeof outcome === "string" ? outcome : "settings";
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }),
    { numRuns: runs(500) },
  );
  assertEquals([...outcomes.keys()].sort(), ["environment", "file", "relay", "settings"]);
});
