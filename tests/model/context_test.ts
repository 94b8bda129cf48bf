import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Context,
  ContextError,
  decodeContext,
  getAttribute,
  parseContext,
  readContext,
} from "../../lib/model/mod.ts";

function encode(json: unknown): string {
  return new TextEncoder().encode(JSON.stringify(json)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

function attributes(context: Context): Record<string, unknown>[] {
  return context.parts.map((part) => Object.fromEntries([...part.attributes].sort()));
}

function nest(depth: number): unknown {
  return depth === 0 ? 1 : { in: nest(depth - 1) };
}

Deno.test("parseContext() reads a context of one kind", () => {
  const json = {
    kind: "org",
    key: "acme",
    name: "Acme",
    size: 3,
    tags: ["a"],
    none: null,
    _meta: { privateAttributes: ["size"] },
  };
  const context = parseContext(json);
  assertEquals(attributes(context), [{
    anonymous: false,
    key: "acme",
    kind: "org",
    name: "Acme",
    size: 3,
    tags: ["a"],
  }]);
  assertEquals(context.fullyQualifiedKey, "org:acme");
});

Deno.test("parseContext() reads a context of several kinds, in order of kind", () => {
  const context = parseContext({ kind: "multi", user: { key: "u" }, device: { key: "d", anonymous: true } });
  assertEquals(attributes(context), [
    { anonymous: true, key: "d", kind: "device" },
    { anonymous: false, key: "u", kind: "user" },
  ]);
  assertEquals(context.fullyQualifiedKey, "device:d:user:u");
});

Deno.test("parseContext() takes a multi-kind context with one kind for that one", () => {
  assertEquals(
    parseContext({ kind: "multi", org: { key: "o", x: 1 } }),
    parseContext({ kind: "org", key: "o", x: 1 }),
  );
});

Deno.test("parseContext() reads a legacy user, of whose attributes the later one counts", () => {
  const context = parseContext({
    key: "u",
    secondary: "s",
    name: "N",
    email: "loses to the later one",
    firstName: "loses",
    country: null,
    anonymous: null,
    unknown: "left out",
    privateAttributeNames: ["email"],
    custom: {
      plan: "free",
      email: "e@example.com",
      firstName: null,
      lastName: "loses",
      key: "x",
      kind: "x",
      name: "x",
      anonymous: true,
      _meta: 1,
      none: null,
    },
    lastName: "L",
  });
  assertEquals(attributes(context), [{
    anonymous: false,
    email: "e@example.com",
    key: "u",
    kind: "user",
    lastName: "L",
    name: "N",
    plan: "free",
  }]);
  assertEquals(context.parts[0]!.secondary, "s");
});

Deno.test("parseContext() knows a secondary key of legacy users only", () => {
  const [part] = parseContext({ kind: "user", key: "u", secondary: "s" }).parts;
  assertEquals(part!.secondary, undefined);
  assertEquals(part!.attributes.get("secondary"), "s");
});

Deno.test("parseContext() lets a legacy user with an empty key through, with an empty fully qualified key", () => {
  assertEquals(parseContext({ key: "" }).fullyQualifiedKey, "");
});

const QUALIFIED: [json: unknown, key: string][] = [
  [{ kind: "user", key: "a:b%c" }, "a:b%c"],
  [{ key: "a:b%c" }, "a:b%c"],
  [{ kind: "org", key: "a:b%c:" }, "org:a%3Ab%25c%3A"],
  [{ kind: "multi", user: { key: "a:b" }, Org: { key: "%3A" } }, "Org:%253A:user:a%3Ab"],
];

for (const [json, key] of QUALIFIED) {
  Deno.test(`parseContext() qualifies the key of ${JSON.stringify(json)}`, () => {
    assertEquals(parseContext(json).fullyQualifiedKey, key);
  });
}

const KIND_RULE =
  'A context kind must be made of ASCII letters, digits, ".", "_" and "-", and not be "kind" or "multi"';

const REFUSED: [name: string, json: unknown, message: string][] = [
  ["null", null, '"context" must be an object'],
  ["an array", [], '"context" must be an object'],
  ["a string", "user", '"context" must be an object'],
  ["an empty object", {}, '"key" must be a string'],
  ["a legacy user with a number for a key", { key: 5 }, '"key" must be a string'],
  [
    "a legacy user with custom attributes in an array",
    { key: "u", custom: [] },
    '"custom" must be an object',
  ],
  ["a legacy user with a number for a name", { key: "u", name: 1 }, '"name" must be a string'],
  [
    "a legacy user with a number for a secondary key",
    { key: "u", secondary: 1 },
    '"secondary" must be a string',
  ],
  ["a legacy user whose anonymous is text", { key: "u", anonymous: "yes" }, '"anonymous" must be a boolean'],
  ["a null kind", { kind: null, key: "u" }, KIND_RULE],
  ["an empty kind", { kind: "", key: "u" }, KIND_RULE],
  ['the kind "kind"', { kind: "kind", key: "u" }, KIND_RULE],
  ["a kind with a space", { kind: "my org", key: "u" }, KIND_RULE],
  ["a kind that is not ASCII", { kind: "é", key: "u" }, KIND_RULE],
  ["a missing key", { kind: "user" }, '"key" must be a string that is not empty'],
  ["an empty key", { kind: "user", key: "" }, '"key" must be a string that is not empty'],
  ["a number for a key", { kind: "user", key: 1 }, '"key" must be a string that is not empty'],
  ["a number for a name", { kind: "user", key: "u", name: 1 }, '"name" must be a string'],
  ["anonymous as a number", { kind: "user", key: "u", anonymous: 0 }, '"anonymous" must be a boolean'],
  ["no kinds", { kind: "multi" }, 'A context of kind "multi" must have at least one kind'],
  ['"multi" inside "multi"', { kind: "multi", multi: { key: "u" } }, KIND_RULE],
  ["a kind inside that is no object", { kind: "multi", user: "u" }, '"user" must be an object'],
  ["a kind inside without a key", { kind: "multi", org: {} }, '"org.key" must be a string that is not empty'],
  [
    "a kind inside with a bad name",
    { kind: "multi", org: { key: "o", name: {} } },
    '"org.name" must be a string',
  ],
  [
    "101 kinds",
    { kind: "multi", ...Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, { key: "k" }])) },
    "A context must have at most 100 kinds, has 101",
  ],
];

for (const [name, json, message] of REFUSED) {
  Deno.test(`parseContext() refuses ${name}`, () => {
    assertEquals(assertThrows(() => parseContext(json), ContextError).message, message);
  });
}

/** Such a context in JSON. */
function toJson(attributes: Record<string, unknown>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ kind: "user", key: "u", ...attributes }));
}

Deno.test("readContext() refuses what is too deep or has too many values, and takes what is just within", () => {
  readContext(toJson({ deep: nest(63) }));
  assertThrows(() => readContext(toJson({ deep: nest(64) })), ContextError, "nested at most 64 deep");
  for (const value of [0, '[,[,\\"', [], {}, "\\"]) {
    readContext(toJson({ list: Array(9_997).fill(value) }));
    assertThrows(
      () => readContext(toJson({ list: Array(9_998).fill(value) })),
      ContextError,
      "at most 10000 values",
    );
  }
});

Deno.test("readContext() counts values as a parser does, however they are written", () => {
  function count(json: unknown): number {
    const inner = typeof json === "object" && json !== null ? Object.values(json) : [];
    return inner.length + inner.reduce((sum: number, value) => sum + count(value), 0);
  }
  const spaces = fc.constantFrom("", " ", "\t", "\n  ");
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), spaces, (value, space) => {
      const missing = 10_000 - count({ kind: 0, key: 0, value: [value], list: [] });
      for (const [length, isRefused] of [[missing, false], [missing + 1, true]] as const) {
        const attributes = { kind: "user", key: "u", value: [value], list: Array(length).fill(0) };
        const json = JSON.stringify(attributes, null, space)
          .replace(/"(?:[^"\\]|\\.)*"|\[\]/g, (text) => text === "[]" ? `[${space}]` : text);
        const read = () => readContext(new TextEncoder().encode(json));
        if (isRefused) assertThrows(read, ContextError, "at most 10000 values");
        else read();
      }
    }),
    { seed: Date.now(), numRuns: 100 },
  );
});

Deno.test("readContext() looks at limits before it parses: a megabyte takes no longer than a turn", () => {
  const count = 490_000;
  for (
    const inner of [
      "[".repeat(count) + "]".repeat(count),
      `[${"{},".repeat(count / 2)}1]`,
      `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`,
      "[".repeat(count),
    ]
  ) {
    const json = new TextEncoder().encode(`{"kind":"user","key":"u","x":${inner}}`);
    const start = performance.now();
    assertThrows(() => readContext(json), ContextError, "A context must");
    const time = performance.now() - start;
    assert(time < 40, `${time} ms`);
  }
});

Deno.test("readContext() throws SyntaxError or TypeError for what is no JSON or no UTF-8", () => {
  for (const text of ["", "{", '"', '"\\', "]]]]", '{"a":', "x"]) {
    assertThrows(() => readContext(new TextEncoder().encode(text)), SyntaxError);
  }
  assertThrows(() => readContext(new Uint8Array([0x22, 0xff, 0x22])), TypeError);
});

Deno.test("parseContext() accepts 100 kinds", () => {
  const kinds = Array.from({ length: 100 }, (_, i) => [`k${i}`, { key: "k" }]);
  assertEquals(parseContext({ kind: "multi", ...Object.fromEntries(kinds) }).parts.length, 100);
});

Deno.test("parseContext() never throws anything but a ContextError", () => {
  fc.assert(fc.property(fc.jsonValue(), (json) => {
    try {
      parseContext(json);
    } catch (error) {
      assertInstanceOf(error, ContextError);
    }
  }));
});

Deno.test("getAttribute() follows a path through objects only", () => {
  const context = parseContext({
    kind: "multi",
    user: { key: "u", deep: { "a/b": 1, in: { x: null } }, list: [1], text: "abc" },
    org: JSON.parse('{"key":"o","__proto__":{"x":2},"deep":{"__proto__":3}}'),
  });
  const cases: [kind: string, path: string[], value: unknown][] = [
    ["user", ["key"], "u"],
    ["user", ["kind"], "user"],
    ["user", ["anonymous"], false],
    ["user", ["deep", "a/b"], 1],
    ["user", ["deep", "in", "x"], null],
    ["user", ["deep", "missing"], null],
    ["user", ["deep", "constructor"], null],
    ["user", ["constructor"], null],
    ["user", ["list", "0"], null],
    ["user", ["list", "length"], null],
    ["user", ["text", "length"], null],
    ["org", ["__proto__", "x"], 2],
    ["org", ["deep", "__proto__"], 3],
    ["device", ["key"], null],
  ];
  for (const [kind, path, value] of cases) assertEquals(getAttribute(context, kind, path), value);
});

Deno.test("decodeContext() reads both alphabets, padded or not", () => {
  // "?>" and "ÿ" make characters that differ between the alphabets.
  const json = { kind: "user", key: "k?>~ÿ", name: "日本" };
  const text = encode(json);
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const padding = "=".repeat((4 - text.length % 4) % 4);
  assertEquals(text === standard, false);
  for (const form of [text, standard, text + padding, standard + padding]) {
    assertEquals(decodeContext(form), parseContext(json));
  }
});

Deno.test("decodeContext() passes over line breaks wherever they stand, as Go's decoder does", () => {
  const json = { kind: "user", key: "k?>~ÿ", name: "日本".repeat(100) };
  const text = encode(json);
  const padded = text + "=".repeat((4 - text.length % 4) % 4);
  for (const form of [text, padded]) {
    for (const lineBreak of ["\n", "\r\n", "\r"]) {
      assertEquals(decodeContext(form.replace(/.{76}/g, `$&${lineBreak}`) + lineBreak), parseContext(json));
    }
  }
  const breaks = fc.array(fc.tuple(fc.nat(padded.length), fc.constantFrom("\n", "\r", "\r\n")));
  const seed = Date.now();
  fc.assert(
    fc.property(breaks, (breaks) => {
      const broken = [...breaks].sort(([a], [b]) => b - a)
        .reduce((text, [at, lineBreak]) => text.slice(0, at) + lineBreak + text.slice(at), padded);
      assertEquals(decodeContext(broken), parseContext(json));
    }),
    { seed },
  );
});

const NOT_BASE64 = "context part of URL path did not decode as valid base64";
const NOT_A_CONTEXT = "context part of URL path did not decode to valid evaluation context as JSON";

const UNDECODABLE: [name: string, text: string, message: string][] = [
  ["a character outside the alphabet", "e30*", NOT_BASE64],
  ["a space", "e3 0", NOT_BASE64],
  ["other blanks than line breaks", "e3\t0", NOT_BASE64],
  ["an impossible length", "e30aa", NOT_BASE64],
  ["padding in the middle", "e3=0", NOT_BASE64],
  ["too much padding", "e30==", NOT_BASE64],
  ["nothing", "", NOT_A_CONTEXT],
  ["text that is no JSON", "eHl6", NOT_A_CONTEXT],
  ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]).toBase64(), NOT_A_CONTEXT],
  ["JSON that is no context", encode({ kind: "user" }), NOT_A_CONTEXT],
];

for (const [name, text, message] of UNDECODABLE) {
  Deno.test(`decodeContext() refuses ${name}`, () => {
    const error = assertThrows(() => decodeContext(text), ContextError);
    assertEquals(error.message, message);
    assertInstanceOf(error.cause, Error);
  });
}

Deno.test("decodeContext() gives the problem as the cause", () => {
  const error = assertThrows(() => decodeContext(encode({ kind: "user" })), ContextError);
  assertEquals((error.cause as Error).message, '"key" must be a string that is not empty');
});
