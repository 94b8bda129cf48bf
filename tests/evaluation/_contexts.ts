import fc from "fast-check";
import { anyValue, GROUPS, KEYS, KINDS, ODD_DATES, ODD_VERSIONS, partial, valueOf } from "./_values.ts";

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
    "groups": fc.array(fc.constantFrom<unknown>(...GROUPS, null, "name7", "Ωm", "🎉"), { maxLength: 200 }),
    "oddDate": fc.oneof(fc.constantFrom(...ODD_DATES), fc.array(fc.constantFrom(...ODD_DATES))),
    "oddVersion": fc.constantFrom(...ODD_VERSIONS),
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

/** Legacy users of whom the JavaScript SDK reads something otherwise: a secondary key, an attribute on top and in `custom`. */
const oddUser: fc.Arbitrary<Record<string, unknown>> = fc.tuple(
  fc.record({ key }),
  partial({ secondary: key, email: fc.constantFrom("a", "b", null) }),
  partial({ custom: partial({ email: fc.constantFrom("a", "b", null), s: valueOf("s") }) }),
  partial({ lastName: fc.constantFrom("a", "b") }),
).map((parts) => Object.assign({}, ...parts));

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

/** All contexts, those that the JavaScript SDK reads otherwise too. */
export const anyContexts: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 3, arbitrary: contexts },
  oddUser,
);
