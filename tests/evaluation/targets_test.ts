import { assertEquals } from "@std/assert";
import { evaluateFlag, type Json } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const MULTI = { kind: "multi", user: { key: "u" }, org: { key: "o" } };

const TARGETS: [name: string, flag: Json, context: unknown, variation: number][] = [
  ["another kind", { contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }] }, MULTI, 1],
  [
    "another kind that is not there",
    { contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }] },
    USER,
    0,
  ],
  [
    "a user listed in targets, in the place kept for it",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [
        { contextKind: "user", variation: 2, values: [] },
        { contextKind: "org", variation: 1, values: ["o"] },
      ],
    },
    MULTI,
    2,
  ],
  [
    "another kind before the place kept for a user",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [
        { contextKind: "org", variation: 1, values: ["o"] },
        { variation: 2 },
      ],
    },
    MULTI,
    1,
  ],
  [
    "a user in contextTargets itself",
    {
      targets: [{ variation: 2, values: ["x"] }],
      contextTargets: [{ contextKind: "user", variation: 2, values: ["u"] }],
    },
    USER,
    2,
  ],
  [
    "no user without a place in contextTargets",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }],
    },
    USER,
    0,
  ],
  [
    "kinds in turn",
    {
      contextTargets: [
        { contextKind: "user", variation: 1, values: ["x"] },
        { contextKind: "org", variation: 2, values: ["o"] },
        { contextKind: "user", variation: 1, values: ["u"] },
      ],
    },
    MULTI,
    2,
  ],
  ["a legacy user", { targets: [{ variation: 1, values: ["u"] }] }, { key: "u" }, 1],
];

for (const [name, flag, context, variation] of TARGETS) {
  Deno.test(`evaluate() targets ${name}`, () => {
    assertEquals(evaluateFlag({ flags: { flag } }, context).variation, variation);
  });
}
