import fc from "fast-check";

/** Kinds of contexts. */
export const KINDS = ["user", "org", "device"];
/** Keys of contexts. */
export const KEYS = ["a", "b", "c", "key-1", "日本", "é"];

const STRINGS = ["", "a", "b", "abc", "ABC", "a.c", "日本語", "user@example.com", "/x", "100"];
const NUMBERS = [0, -0, 1, -1, 1.5, 99, 100, 1e15, 1577836800000, 1577836800001];
const DATES = [
  "2020-01-01T00:00:00Z",
  "2020-01-01T00:00:00.001Z",
  "2019-12-31T19:00:00-05:00",
  "2020-01-01T05:30:00.5+05:30",
  "2020-02-30T00:00:00Z",
  "2020-13-01T00:00:00Z",
  "2020-01-01",
  "0001-01-02T00:00:00Z",
  // Whole ms that are no neighbours of a fraction in NUMBERS: Go cuts fractions off.
  0,
  99,
  1577836800000,
  1577836800001,
];
const VERSIONS = [
  "1",
  "1.0",
  "1.0.0",
  "2-rc",
  "2.0.0-rc.1",
  "2.0.0-rc.2",
  "2.0.0-rc.10",
  "2.0.0-rc",
  "2.0.0-1",
  "2.0.0+build",
  "2",
  "10.2.3",
  "02.0.0",
  "v2.0.0",
  "2.0.0.0",
  "2.",
  "1.0.0-01",
  "1.0.0-0a",
];
const PATTERNS = [
  "a",
  "^a",
  "c$",
  "^a.c$",
  "[",
  "(a+)+$",
  "^\\d+$",
  "日",
  "@example\\.com$",
  "^(?:a|b)c?$",
  "",
];

/** Dates as people and hostile clients write them; Go and JavaScript do not read all of them alike. */
export const ODD_DATES = [
  "2020-01-01T5:00:00Z",
  "2020-01-01T05:00:00+24:00",
  "2020-01-01T05:00:00-99:59",
  "2020-01-01T05:00:00+05:60",
  "2020-01-01T05:00:00Zulu",
  "2020-01-01T05:00:00+01:00x",
  "2020-01-01T05:00:00+01:00é",
  "2020-01-01T05:00:00.123456789Z",
  "2020-01-01T05:00:00.1234567891Z",
  "2020-01-01T05:00:00.Z",
  "2020-01-01t05:00:00z",
  "2016-12-31T23:59:60Z",
  "2020-12-31T24:00:00Z",
  "0001-01-01T00:00:00Z",
  "0000-02-30T00:00:00Z",
  "9999-12-31T23:59:59Z",
  1577854800000.9,
  -0.5,
  1577854800000,
  "1577854800000",
];

/** Versions likewise. */
export const ODD_VERSIONS = [
  "9007199254740993.0.0",
  "9007199254740992.0.0",
  "9007199254740992.0.1",
  "9223372036854775807",
  "1.9007199254740993.0",
  "1.0.0-9007199254740993",
  "1.0.0-9007199254740992",
  `1.0.0-${"a".repeat(300)}`,
  `1.0.0-${"a.".repeat(150)}1`,
  `1.0.0+${"b".repeat(300)}`,
  "1-0.3.7",
  "1-x.7.z.92",
  "1.2-beta+exp.sha.5114f85",
  "1.0.0-",
  "1.0.0-é",
  "01.0.0",
  "1.0.0+",
  " 1.0.0",
  "1.0.0 ",
  "-1",
  "1..0",
];

/** Patterns likewise. */
export const ODD_PATTERNS = [
  `^(?:${Array.from({ length: 1_500 }, (_, i) => `name${i}`).join("|")})$`,
  "(?P<part>CN=)(?P<part>Group)",
  "\\p{greek}|\\p{ upper-case_letter }",
  "\\p{Emoji}",
  "(?i)group-\\d*7,",
  "OU=[A-Z][a-z]+,DC=(?:corp|lab)",
  "(?=x)",
  "^.{40,}$",
];

/** Keys of directory groups: many and long. */
export const GROUPS = Array.from(
  { length: 60 },
  (_, i) => `CN=Group-${i},OU=${"Department".repeat(1 + i % 9)},DC=${i % 2 ? "corp" : "lab"},DC=example`,
);

/** What an attribute usually holds. */
const USUAL: Record<string, readonly unknown[]> = {
  key: KEYS,
  name: ["a", "abc", "é"],
  kind: KINDS,
  anonymous: [true, false],
  s: STRINGS,
  n: NUMBERS,
  when: DATES,
  ver: VERSIONS,
};

/** Operators with the attributes and values for which they are made. */
export const OPERATORS: Record<string, { attributes: readonly string[]; values: readonly unknown[] }> = {
  ...pick(["startsWith", "endsWith", "contains"], ["key", "name", "kind", "s", "list"], STRINGS),
  ...pick(["matches"], ["key", "name", "kind", "s", "list"], PATTERNS),
  ...pick(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"], ["n", "list"], NUMBERS),
  ...pick(["before", "after"], ["when", "n"], DATES),
  ...pick(["semVerEqual", "semVerLessThan", "semVerGreaterThan"], ["ver"], VERSIONS),
  ...pick(["unknownOperator", ""], ["s"], STRINGS),
};

function pick(operators: string[], attributes: string[], values: readonly unknown[]) {
  return Object.fromEntries(operators.map((operator) => [operator, { attributes, values }]));
}

/** Names of attributes, one of which no context has. */
export const REFERENCES = [...Object.keys(USUAL), "list", "missing"];

/** References that lead into objects, or seem to. */
export const PATHS = [
  "/s",
  "/deep/s",
  "/deep/n",
  "/deep/in/s",
  "/deep/a~1b",
  "/x~0y",
  "/list/0",
  "/key",
  "/s/length",
];

/** References that make a flag malformed. */
export const MALFORMED_PATHS = ["", "/", "//", "/a//b", "/a~2", "/a~"];

/** Any value. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(...Object.values(USUAL)).chain((pool) => fc.constantFrom(...pool)),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, [], { s: "a" }, ["a"]) },
);

/** A value that an attribute usually holds, and now and then any other. */
export function valueOf(attribute: string): fc.Arbitrary<unknown> {
  const usual = USUAL[attribute];
  return usual ? fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, anyValue) : anyValue;
}

/** An object whose fields may each be left out. */
export function partial<T extends object>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}
