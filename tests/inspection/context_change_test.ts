import { assertEquals } from "@std/assert";
import { applyChanges, type ContextChange } from "../../lib/inspection/mod.ts";
import { type JsonValue, parseContext } from "../../lib/model/mod.ts";

const ANN = { kind: "user", key: "ann", address: { city: "Oslo", zip: 1 }, plan: "free" };

/** Applies one change to a user; the result as `parseContext` would have it. */
function apply(attribute: string, value: JsonValue, kind = "user") {
  return applyChanges(parseContext(ANN), [{ kind, attribute, value }]);
}

Deno.test("applyChanges() sets and removes attributes, and leaves the context as it was", () => {
  const before = parseContext(ANN);
  assertEquals(applyChanges(before, []), before);
  assertEquals(apply("plan", "pro"), parseContext({ ...ANN, plan: "pro" }));
  assertEquals(apply("plan", null), parseContext({ ...ANN, plan: null }));
  assertEquals(apply("/address/city", "Rome"), parseContext({ ...ANN, address: { city: "Rome", zip: 1 } }));
  assertEquals(apply("/address/city", null), parseContext({ ...ANN, address: { zip: 1 } }));
  assertEquals(apply("/plan/name", "pro"), parseContext({ ...ANN, plan: { name: "pro" } }));
  assertEquals(apply("/plan/name", null), before);
  assertEquals(apply("/~1x~0", 1), parseContext({ ...ANN, "/x~": 1 }));
  assertEquals(apply("anonymous", true), parseContext({ ...ANN, anonymous: true }));
  assertEquals(apply("anonymous", null), before);
  assertEquals(before, parseContext(ANN));
});

Deno.test("applyChanges() takes no name for anything but a name", () => {
  const changed = apply("/address/__proto__", "x");
  const address = changed.parts[0]!.attributes.get("address") as Record<string, JsonValue>;
  assertEquals(Object.keys(address), ["city", "zip", "__proto__"]);
  assertEquals(Object.getPrototypeOf(address), Object.prototype);
});

Deno.test("applyChanges() adds and removes kinds by their key", () => {
  const both = { kind: "multi", user: { key: "ann" }, org: { key: "acme", n: 1 } };
  const added: ContextChange[] = [{ kind: "org", attribute: "key", value: "acme" }, {
    kind: "org",
    attribute: "n",
    value: 1,
  }];
  assertEquals(applyChanges(parseContext({ kind: "user", key: "ann" }), added), parseContext(both));
  const removed = applyChanges(parseContext(both), [{ kind: "org", attribute: "key", value: null }]);
  assertEquals(removed, parseContext({ kind: "user", key: "ann" }));
  assertEquals(apply("key", "bob"), parseContext({ ...ANN, key: "bob" }));
  assertEquals(apply("n", 1, "org"), parseContext(ANN));
});
