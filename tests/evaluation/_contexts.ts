import fc from "fast-check";
import { anyValue, KEYS, KINDS, partial, valueOf } from "./_values.ts";

const kind = fc.constantFrom(...KINDS);
const key = fc.constantFrom(...KEYS);
const deep = partial({ "s": anyValue, "n": anyValue, "a/b": anyValue, "in": fc.record({ s: anyValue }) });

const attributes: fc.Arbitrary<Record<string, unknown>> = fc.tuple(
  fc.record({ key }),
  partial({
    "name": fc.constantFrom("a", "abc", "é"),
    "anonymous": fc.boolean(),
    "s": valueOf("s"),
    "n": valueOf("n"),
    "when": valueOf("when"),
    "ver": valueOf("ver"),
    "list": fc.array(anyValue, { maxLength: 4 }),
    "deep": fc.oneof(deep, anyValue),
    "/x": anyValue,
  }),
).map(([first, second]) => ({ ...first, ...second }));

const user: fc.Arbitrary<Record<string, unknown>> = fc.tuple(
  fc.record({ key }),
  partial({
    name: fc.constantFrom("a", "abc", "é"),
    email: fc.constantFrom("a", "user@example.com"),
    anonymous: fc.boolean(),
    custom: partial({
      s: valueOf("s"),
      n: valueOf("n"),
      ver: valueOf("ver"),
      list: fc.array(anyValue),
      deep,
    }),
  }),
).map(([first, second]) => ({ ...first, ...second }));

/** Contexts: of one kind, of several, and legacy users. */
export const contexts: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(kind, attributes).map(([kind, rest]) => ({ kind, ...rest })) },
  {
    weight: 4,
    arbitrary: fc.dictionary(kind, attributes, { minKeys: 1, maxKeys: 3 })
      .map((parts) => ({ kind: "multi", ...parts })),
  },
  { weight: 1, arbitrary: user },
);
