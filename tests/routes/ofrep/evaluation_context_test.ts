import { assertEquals, assertThrows } from "@std/assert";
import { convertContext } from "../../../lib/routes/ofrep/evaluation_context.ts";
import { OfrepError } from "../../../lib/routes/ofrep/ofrep_error.ts";

/** Kind, key and attributes of each part; those that are always there are left out. */
function convert(json: unknown): unknown[] {
  return convertContext(json).parts.map(({ kind, key, attributes }) => {
    const { kind: _, key: __, anonymous, ...rest } = Object.fromEntries(attributes);
    return [kind, key, { ...anonymous === true && { anonymous }, ...rest }];
  });
}

Deno.test("convertContext() finds kind and key as LaunchDarkly's OpenFeature providers do", () => {
  const cases: [json: unknown, expected: unknown][] = [
    [{ targetingKey: "a" }, ["user", "a", {}]],
    [{ key: "a" }, ["user", "a", {}]],
    [{ targetingKey: "a", key: "b" }, ["user", "a", {}]],
    [{ targetingKey: null, key: "b" }, ["user", "b", {}]],
    [{ targetingKey: "a", kind: "org" }, ["org", "a", {}]],
    [{ targetingKey: "a", kind: 5 }, ["user", "a", {}]],
    [{ targetingKey: "a", kind: null }, ["user", "a", {}]],
  ];
  for (const [json, expected] of cases) assertEquals(convert(json), [expected]);
});

Deno.test("convertContext() copies attributes, and leaves out what has the wrong type", () => {
  assertEquals(
    convert({
      targetingKey: "a",
      name: "Ann",
      anonymous: true,
      privateAttributes: ["plan"],
      plan: "pro",
      nested: { list: [1, { x: null }] },
      ["__proto__"]: 1,
    }),
    [["user", "a", {
      anonymous: true,
      ["__proto__"]: 1,
      name: "Ann",
      nested: { list: [1, { x: null }] },
      plan: "pro",
    }]],
  );
  assertEquals(convert({ targetingKey: "a", name: 5, anonymous: "yes" }), [["user", "a", {}]]);
});

Deno.test("convertContext() makes a kind of each object of a multi-kind context", () => {
  assertEquals(
    convert({
      kind: "multi",
      targetingKey: "dropped",
      plan: "dropped too",
      list: [1],
      user: { targetingKey: "u", plan: "pro" },
      org: { key: "o", kind: "ignored", name: 5 },
    }),
    [["org", "o", {}], ["user", "u", { plan: "pro" }]],
  );
  assertEquals(convertContext({ kind: "multi", user: { key: "u" } }).fullyQualifiedKey, "u");
  assertEquals(
    convertContext({ kind: "multi", user: { key: "u" }, org: { key: "o:1" } }).fullyQualifiedKey,
    "org:o%3A1:user:u",
  );
});

Deno.test("convertContext() refuses what is no context of LaunchDarkly", () => {
  const cases: [json: unknown, code: string][] = [
    [{}, "TARGETING_KEY_MISSING"],
    [{ plan: "pro" }, "TARGETING_KEY_MISSING"],
    [{ targetingKey: "" }, "TARGETING_KEY_MISSING"],
    [{ targetingKey: "", key: "b" }, "TARGETING_KEY_MISSING"],
    [{ kind: "multi", user: {} }, "TARGETING_KEY_MISSING"],
    [{ targetingKey: 5 }, "INVALID_CONTEXT"],
    [{ targetingKey: ["a"] }, "INVALID_CONTEXT"],
    [{ targetingKey: "a", kind: "kind" }, "INVALID_CONTEXT"],
    [{ targetingKey: "a", kind: "" }, "INVALID_CONTEXT"],
    [{ targetingKey: "a", kind: "ö" }, "INVALID_CONTEXT"],
    [{ kind: "multi" }, "INVALID_CONTEXT"],
    [{ kind: "multi", targetingKey: "a" }, "INVALID_CONTEXT"],
    [{ kind: "multi", multi: { key: "a" } }, "INVALID_CONTEXT"],
    [{ kind: "multi", ["a b"]: { key: "a" } }, "INVALID_CONTEXT"],
    [null, "INVALID_CONTEXT"],
    [[], "INVALID_CONTEXT"],
    ["a", "INVALID_CONTEXT"],
    [5, "INVALID_CONTEXT"],
  ];
  for (const [json, code] of cases) {
    const error = assertThrows(() => convertContext(json), OfrepError);
    assertEquals([json, error.code, error.status], [json, code, 400]);
  }
});
