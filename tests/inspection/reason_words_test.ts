import { assertEquals } from "@std/assert";
import type { Reason } from "../../lib/evaluation/mod.ts";
import { describeReason } from "../../lib/inspection/mod.ts";

Deno.test("describeReason() says why in plain words", () => {
  const rows: [reason: Reason, words: string][] = [
    [{ kind: "OFF" }, "the flag is off"],
    [{ kind: "FALLTHROUGH", inExperiment: true }, "no rule matches; in experiment"],
    [{ kind: "RULE_MATCH", ruleIndex: 1, ruleId: "beta" }, 'rule 2 "beta" matches'],
    [{ kind: "RULE_MATCH", ruleIndex: 0 }, "rule 1 matches"],
    [{ kind: "PREREQUISITE_FAILED", prerequisiteKey: "a\u202e" }, 'prerequisite "a\\u202e" is not met'],
    [{ kind: "ERROR", errorKind: "MALFORMED_FLAG" }, "cannot be evaluated; the flag is malformed"],
    [{ kind: "ERROR", errorKind: "EXCEPTION" }, "cannot be evaluated; it takes too many steps"],
    [
      { kind: "TARGET_MATCH", overrideAffected: true, bigSegmentsStatus: "NOT_CONFIGURED" },
      "targeted by key; big segment unknown offline; affected by overrides",
    ],
  ];
  for (const [reason, words] of rows) assertEquals(describeReason(reason), words);
});
