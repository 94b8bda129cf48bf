import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createSession, explain } from "../../../lib/evaluation/mod.ts";
import { describeTrace, formatValue } from "../../../lib/inspection/mod.ts";
import { type JsonValue, parseContext } from "../../../lib/model/mod.ts";
import { escapeInvisible } from "../../../lib/observe/mod.ts";
import * as context from "../../../lib/routes/explorer/page/context.js";
import { filterItems } from "../../../lib/routes/explorer/page/items.js";
import { listWarnings } from "../../../lib/routes/explorer/page/provenance.js";
import { formatFragment, parseFragment } from "../../../lib/routes/explorer/page/route.js";
import { listCommands, quote } from "../../../lib/routes/explorer/page/sdk.js";
import * as words from "../../../lib/routes/explorer/page/words.js";
import { runs } from "../../_nightly.ts";
import { anyContexts } from "../../evaluation/_contexts.ts";
import { compile } from "../../evaluation/_environment.ts";
import { anyEnvironments, environments, FLAG_KEYS } from "../../evaluation/_generate.ts";

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("/", "?", "#", "%", "&") }),
);

Deno.test("the page's tree has the lines that evaluate --why prints, of its JSON", () => {
  let count = 0;
  fc.assert(
    fc.property(fc.oneof(environments, anyEnvironments), anyContexts, ({ flags, segments }, one) => {
      const session = createSession(compile({ flags, segments }), parseContext(one));
      for (const key of FLAG_KEYS) {
        const trace = explain(session, key);
        if (!trace) continue;
        count++;
        assertEquals(words.describeTrace(JSON.parse(JSON.stringify(trace))), describeTrace(trace));
      }
    }),
    { numRuns: runs(200) },
  );
  assertEquals(count > 200, true);
});

Deno.test("the page formats values and names as the commands do", () => {
  fc.assert(fc.property(fc.jsonValue(), texts, (value, text) => {
    assertEquals(words.formatValue(value), formatValue(value as JsonValue));
    assertEquals(words.visible(text), escapeInvisible(text));
    assertEquals(words.visibleLines(text), text.split("\n").map(escapeInvisible).join("\n"));
  }));
});

Deno.test("describeReason() of the page says why in plain words", () => {
  const reasons: [reason: unknown, text: string][] = [
    [{ kind: "OFF" }, "the flag is off"],
    [{ kind: "FALLTHROUGH", inExperiment: true }, "no rule matches; in experiment"],
    [{ kind: "RULE_MATCH", ruleIndex: 1, ruleId: "beta" }, 'rule 2 "beta" matches'],
    [{ kind: "PREREQUISITE_FAILED", prerequisiteKey: "a\u202e" }, 'prerequisite "a\\u202e" is not met'],
    [{ kind: "ERROR", errorKind: "MALFORMED_FLAG" }, "cannot be evaluated; the flag is malformed"],
    [
      { kind: "TARGET_MATCH", overrideAffected: true, bigSegmentsStatus: "NOT_CONFIGURED" },
      "targeted by key; big segment unknown offline; affected by overrides",
    ],
  ];
  for (const [reason, text] of reasons) assertEquals(words.describeReason(reason), text);
});

Deno.test("the address of the page keeps any view, environment, key and parameter", () => {
  const query = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), {
    noNullPrototype: true,
  });
  // The fragment is text of whole characters: a browser has no others.
  const wellFormed = texts.filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(fc.constantFrom("flags", "item"), fc.array(wellFormed), query, (view, segments, query) => {
      const parsed = parseFragment(formatFragment(view, segments, query));
      assertEquals(parsed, { view, segments, query });
    }),
  );
  for (const broken of ["", "#", "#/", "#/flags/%", "#%%%"]) {
    assertEquals(parseFragment(broken).segments, []);
  }
});

Deno.test("a context is the same after it was a form, and is none where it could not be", () => {
  let count = 0;
  fc.assert(
    fc.property(anyContexts, (one) => {
      const parsed = JSON.parse(JSON.stringify(one));
      if (!context.fitsForm(parsed)) return;
      count++;
      assertEquals(context.fromParts(context.toParts(parsed)), withKeys(parsed));
    }),
    { numRuns: runs(500) },
  );
  assertEquals(count > 100, true);
  for (
    const odd of [
      { key: "ann", custom: {} },
      { kind: 1 },
      { kind: "multi" },
      { kind: "multi", user: 1 },
      { kind: "multi", user: [] },
      { kind: "user", key: 1 },
      { kind: "user", key: "ann", "": 1 },
    ]
  ) assertEquals([odd, context.fitsForm(odd)], [odd, false]);
  const lastKind = { user: { key: "ann" }, app: { key: "a", version: "1.10" }, kind: "multi" };
  assertEquals(context.fromParts(context.toParts(lastKind)), lastKind);
});

/** The form has a field for each key, which is empty where there is none. */
function withKeys({ kind, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (kind !== "multi") return { kind, key: "", ...rest };
  const parts = Object.entries(rest).map(([kind, part]) => [kind, { key: "", ...part as object }]);
  return { kind, ...Object.fromEntries(parts) };
}

Deno.test("parseContextText() takes JSON and both kinds of base64, and says what else it got", () => {
  const ann = { kind: "user", key: "ann", name: "ä?>" };
  const bytes = new TextEncoder().encode(JSON.stringify(ann));
  for (const alphabet of ["base64", "base64url"] as const) {
    assertEquals(context.parseContextText(` ${bytes.toBase64({ alphabet })}\n`), ann);
  }
  assertEquals(context.parseContextText(JSON.stringify(ann)), ann);
  for (const text of ["", " ", "ann", "{", "[]", "bnVsbA==", "///"]) {
    assertThrows(() => context.parseContextText(text), SyntaxError);
  }
});

Deno.test("filterItems() finds by words, kind and state", () => {
  const items = [
    { kind: "flag", key: "New-Checkout", on: true },
    { kind: "flag", key: "old-checkout", on: false, overridden: true },
    { kind: "segment", key: "checkout-users" },
  ];
  function find(query: Record<string, string>): string[] {
    return filterItems(items, query).map(({ key }: { key: string }) => key);
  }
  assertEquals(find({}).length, 3);
  assertEquals(find({ q: "CHECK  out" }).length, 3);
  assertEquals(find({ q: "new check" }), ["New-Checkout"]);
  assertEquals(find({ kind: "segment" }), ["checkout-users"]);
  assertEquals(find({ state: "on" }), ["New-Checkout"]);
  assertEquals(find({ state: "off" }), ["old-checkout"]);
  assertEquals(find({ state: "overridden" }), ["old-checkout"]);
});

Deno.test("listWarnings() says what is wrong with what is served, and nothing where nothing is", () => {
  const good = { status: "healthy", dataFile: { digest: "ab" }, trust: {} };
  assertEquals(listWarnings(good), []);
  const lastError = { message: "bad gzip", time: 1 };
  const bad = {
    status: "degraded",
    dataFile: { digest: "ab", isLastKnownGood: true, lastError },
    trust: { stale: true, problems: ["signed by nobody"] },
  };
  assertEquals(listWarnings(bad).length, 5);
  assertEquals(listWarnings({ ...good, dataFile: {} }), ["Nothing has been loaded yet"]);
});

Deno.test("commands for a terminal have any context and environment as one word of a shell", async () => {
  const hostile = `{"key":"it's $(touch /tmp/x) \`id\` \\\\ \\"q\\""}`;
  for (const [, command] of listCommands("eval", "a'b c", hostile)) {
    const script = `curl() { printf '%s\\n' "$@"; }; HALYARD=http://h; ${command}`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    const args = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assertEquals(args[args.indexOf("--data") + 1], hostile);
    assertEquals(args.at(-1)!.startsWith("http://h/"), true);
    assertEquals(args.at(-1)!.includes(encodeURIComponent("a'b c")), true);
  }
  assertEquals(quote("a'b"), "'a'\\''b'");
});
