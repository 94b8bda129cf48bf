import { CHECK } from "./check.ts";
import type { Command } from "./command.ts";
import { COMPLETIONS } from "./completions.ts";
import { CONFIG } from "./config.ts";
import { DIFF } from "./diff.ts";
import { EVALUATE } from "./evaluate.ts";
import { HEALTH } from "./health.ts";
import { INSPECT } from "./inspect.ts";
import { MANIFEST } from "./manifest.ts";
import { VERIFY } from "./verify.ts";

/** Commands of both programs, in the order of help. */
export const COMMON_COMMANDS: readonly Command[] = [
  CHECK,
  INSPECT,
  DIFF,
  EVALUATE,
  MANIFEST,
  VERIFY,
  HEALTH,
  CONFIG,
  COMPLETIONS,
];
