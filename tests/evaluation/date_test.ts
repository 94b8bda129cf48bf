import { assertEquals } from "@std/assert";
import { parseDate } from "../../lib/evaluation/_date.ts";
import { matchClause } from "./_environment.ts";

const DATES: [value: string | number, nanoseconds: bigint][] = [
  [0, 0n],
  [-0, 0n],
  [-1, -1_000_000n],
  [1_577_836_800_000, 1_577_836_800_000_000_000n],
  [1.9, 1_000_000n],
  [-1.9, -1_000_000n],
  [1e15, 1_000_000_000_000_000_000_000n],
  ["1970-01-01T00:00:00Z", 0n],
  ["2020-01-01T00:00:00Z", 1_577_836_800_000_000_000n],
  ["2020-01-01t00:00:00z", 1_577_836_800_000_000_000n],
  ["2020-01-01T00:00:00.1Z", 1_577_836_800_100_000_000n],
  ["2020-01-01T00:00:00.123456789Z", 1_577_836_800_123_456_789n],
  ["2020-01-01T00:00:00.1234567899Z", 1_577_836_800_123_456_789n],
  ["2020-01-01T00:00:00+00:00", 1_577_836_800_000_000_000n],
  ["2020-01-01T00:00:00-00:00", 1_577_836_800_000_000_000n],
  ["2020-01-01T01:00:00+01:00", 1_577_836_800_000_000_000n],
  ["2019-12-31T18:30:00-05:30", 1_577_836_800_000_000_000n],
  ["2019-12-31T23:59:60Z", 1_577_836_800_000_000_000n],
  ["2020-02-31T00:00:00Z", 1_583_107_200_000_000_000n],
  ["0000-01-01T00:00:00Z", -62_167_219_200_000_000_000n],
  ["0099-12-31T00:00:00Z", -59_011_545_600_000_000_000n],
  ["9999-12-31T23:59:59Z", 253_402_300_799_000_000_000n],
];

for (const [value, nanoseconds] of DATES) {
  Deno.test(`parseDate() reads ${JSON.stringify(value)}`, () => {
    assertEquals(parseDate(value), nanoseconds);
  });
}

const NONE = [
  "",
  "2020",
  "2020-01-01",
  "2020-01-01T00:00",
  "2020-01-01T00:00:00",
  "2020-01-01 00:00:00Z",
  "2020-01-01T00:00:00.Z",
  "2020-01-01T00:00:00,5Z",
  "2020-01-01T00:00:00+01",
  "2020-01-01T00:00:00+0100",
  "2020-01-01T00:00:00+24:00",
  "2020-01-01T00:00:00+01:60",
  "2020-00-01T00:00:00Z",
  "2020-13-01T00:00:00Z",
  "2020-01-00T00:00:00Z",
  "2020-01-32T00:00:00Z",
  "2020-01-01T24:00:00Z",
  "2020-01-01T00:60:00Z",
  "2020-01-01T00:00:61Z",
  "2020-1-1T00:00:00Z",
  "+2020-01-01T00:00:00Z",
  "12020-01-01T00:00:00Z",
  " 2020-01-01T00:00:00Z",
  "2020-01-01T00:00:00Z ",
  "2020-01-01T00:00:00Zz",
  "1577836800000",
  Infinity,
  null,
  true,
  [0],
  {},
];

for (const value of NONE) {
  Deno.test(`parseDate() finds no date in ${typeof value === "number" ? value : JSON.stringify(value)}`, () => {
    assertEquals(parseDate(value), null);
  });
}

const DAY = "2020-01-01T00:00:00Z";

const MATCHES: [date: unknown, op: string, values: unknown[], matches: boolean][] = [
  [0, "before", [1], true],
  [1, "before", [1], false],
  [2, "after", [1], true],
  [1, "after", [1], false],
  ["2019-12-31T23:59:59.999Z", "before", [DAY], true],
  [DAY, "before", [DAY], false],
  [DAY, "before", ["2020-01-01T01:00:00+02:00", DAY], false],
  [DAY, "before", [DAY, 1_577_836_800_001], true],
  [1_577_836_800_001, "after", [DAY], true],
  ["2020-01-01T00:00:00.000000001Z", "after", [DAY], true],
  [DAY, "after", ["x"], false],
  ["x", "after", [0], false],
  ["1", "after", [0], false],
  [true, "after", [0], false],
];

for (const [date, op, values, matches] of MATCHES) {
  Deno.test(`evaluate() says that ${JSON.stringify(date)} ${op} ${JSON.stringify(values)} is ${matches}`, () => {
    assertEquals(matchClause({ attribute: "d", op, values }, { kind: "user", key: "k", d: date }), matches);
  });
}
