import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatValue } from "../../../lib/inspection/mod.ts";
import type { JsonValue } from "../../../lib/model/mod.ts";
import { escapeInvisible } from "../../../lib/observe/mod.ts";
import { EventSplitter } from "../../../lib/routes/explorer/page/api.js";
import * as context from "../../../lib/routes/explorer/page/context.js";
import { filterItems } from "../../../lib/routes/explorer/page/list.js";
import { listWarnings } from "../../../lib/routes/explorer/page/provenance.js";
import { formatFragment, parseFragment } from "../../../lib/routes/explorer/page/route.js";
import { formatCommand, quote } from "../../../lib/routes/explorer/page/sdk.js";
import * as words from "../../../lib/routes/explorer/page/words.js";
import { runs } from "../../_nightly.ts";
import { anyContexts } from "../../evaluation/_contexts.ts";

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("/", "?", "#", "%", "&") }),
);

Deno.test("the page formats values and names as the commands do", () => {
  fc.assert(fc.property(fc.jsonValue(), texts, (value, text) => {
    assertEquals(words.formatValue(value), formatValue(value as JsonValue));
    assertEquals(words.visible(text), escapeInvisible(text));
    assertEquals(words.visibleLines(text), text.split("\n").map(escapeInvisible).join("\n"));
  }));
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
  const huge = { kind: "user", rows: [{ name: "key", text: "ann" }, { name: "size", text: "1e400" }] };
  assertEquals(context.fromParts([huge]), { kind: "user", key: "ann", size: "1e400" });
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
  assertThrows(() => context.parseContextText("anna"), SyntaxError, "neither JSON nor base64 of JSON");
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
  const good = { dataFile: { digest: "ab" }, trust: {}, overrides: undefined };
  const environment = { id: "e1", flags: 1, segments: 0 };
  assertEquals(listWarnings(good, [environment]), []);
  const lastError = { message: "bad gzip", time: 1 };
  const bad = {
    dataFile: { digest: "ab", isLastKnownGood: true, lastError },
    trust: { stale: true, problems: ["signed by nobody"] },
    overrides: { lastError },
  };
  assertEquals(listWarnings(bad, []).length, 5);
  assertEquals(listWarnings({ ...good, dataFile: {} }, []), ["Nothing has been loaded yet"]);
  const faulty = ["a", "b", "c", "d", "e"].map((id) => ({ id, fault: "no version" }));
  assertEquals(listWarnings(good, [...faulty, { ...environment, fault: "no version" }]), [
    "Without data: a, b, c, 2 more",
    "With former data, for the archive's has a fault: e1",
  ]);
});

Deno.test("commands for a terminal have any context and environment as one word of a shell", async () => {
  const hostile = `{"key":"it's $(touch /tmp/x) \`id\` \\\\ \\"q\\""}`;
  const request = { method: "REPORT", path: "/eval/{envId}" };
  const environment = { id: "a'b c", secureMode: true };
  const command = formatCommand(
    { key: undefined, body: "context", stream: request },
    request,
    environment,
    hostile,
  );
  const script = `curl() { printf '%s\\n' "$@"; }; HALYARD=http://h; HASH=abc; ${command}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  const args = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assertEquals(args[args.indexOf("--data") + 1], hostile);
  assertEquals(args.at(-1), `http://h/eval/${encodeURIComponent("a'b c")}?h=abc`);
  assertEquals(args.includes("--no-buffer"), true);
  assertEquals(quote("a'b"), "'a'\\''b'");

  const events = { method: "GET", path: "/ofrep/v1/events?auth={envId}" };
  assertStringIncludes(
    formatCommand({ key: undefined, body: "ofrep", stream: events }, events, environment, hostile),
    "&h=$HASH&key=$KEY",
  );
  const ann = JSON.stringify({ kind: "user", key: "ann" });
  const route = { key: undefined, body: "context", stream: undefined };
  const ofBase64 = formatCommand(route, request, environment, btoa(ann));
  assertStringIncludes(ofBase64, `--data '${ann}'`);
});

Deno.test("EventSplitter ends events at empty lines, however the stream is cut, and keeps their beginnings", () => {
  const texts = fc.string({ unit: fc.constantFrom("\n", "a", ":", "ü") });
  fc.assert(fc.property(fc.array(texts), texts, (pieces, rest) => {
    const events = new EventSplitter();
    const found = [...pieces, rest].flatMap((piece) => events.push(piece));
    assertEquals(found.map(({ text }) => text), [...pieces, rest].join("").split("\n\n").slice(0, -1));
  }));
  const events = new EventSplitter();
  const pieces = Array.from({ length: 100 }, () => events.push(`data: ${"x".repeat(1_000)}\n`)).flat();
  const [event, ...others] = [...pieces, ...events.push("\n")];
  assertEquals([event!.text.length, event!.length, others], [2_000, 100_699, []]);
});

Deno.test("parseSample() has a context of each line, and says which line is none", () => {
  const ann = { kind: "user", key: "ann" };
  assertEquals(context.parseSample(`${JSON.stringify(ann)}\r\n\n ${JSON.stringify(ann)}`), [ann, ann]);
  assertThrows(
    () => context.parseSample(`${JSON.stringify(ann)}\n[]`),
    SyntaxError,
    "line 2 is not a context",
  );
});
