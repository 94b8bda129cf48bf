import { type FlagTable, parseAge, parseMoment } from "../config/mod.ts";
import type { Args } from "./command.ts";
import { UsageError } from "./parse_args.ts";

/** Longest time that a release is good for: ten years. A longer one is a slip of the pen. @limit ms: a longer one is refused */
const MAX_VALIDITY = 3_660 * 86_400_000;

/** Longest audience and note together, as JSON. A manifest may have 16 KiB. @limit bytes: longer ones are refused */
const MAX_TEXTS_LENGTH = 12_288;

/** Flags that say what a manifest says of a release. */
export const RELEASE_FLAGS: FlagTable = {
  audience: { value: "SITE", help: "Site that the release is for: TRUST_AUDIENCE of its relays." },
  "not-after": {
    value: "TIME",
    help: "Until when the release is good: 30d or 720h from now, or a time as 2026-12-31T12:00:00Z.",
  },
  release: { value: "N", help: "Number of the release. It rises with each; a relay refuses a lower one." },
  epoch: {
    value: "N",
    help: "How often the numbers have begun anew. A release of a higher epoch is newer, whatever its number.",
  },
  note: { value: "TEXT", help: "Text for people: where the data comes from, a ticket." },
};

/** What the command line says of a release. */
export interface Release {
  /** Site that it is for. */
  audience: string;
  /** Finds out until when it is good, if it is made at `now`. Both are ms since epoch. */
  findNotAfter(now: number): number;
  /** Its number. */
  version?: number;
  /** How often numbers have begun anew. */
  epoch?: number;
  /** Text for people. */
  sourceNote?: string;
}

/**
 * Reads the flags of a release.
 *
 * @param args The command line.
 * @param needs The flags that have to be there.
 * @returns What they say.
 * @throws {UsageError} When one is missing or not well written.
 */
export function readRelease({ values }: Args, needs: readonly (keyof typeof RELEASE_FLAGS)[]): Release {
  const missing = needs.filter((flag) => !values.get(flag));
  if (missing.length > 0) {
    throw new UsageError(
      `${missing.map((flag) => `--${flag}`).join(" and ")} must be set`,
      `write ${missing.map((flag) => `--${flag} ${RELEASE_FLAGS[flag]!.value}`).join(" ")}`,
    );
  }
  const [version, epoch] = [readCount(values, "release"), readCount(values, "epoch")];
  const [audience, sourceNote] = [values.get("audience")!, values.get("note")];
  if (new TextEncoder().encode(JSON.stringify([audience, sourceNote])).length > MAX_TEXTS_LENGTH) {
    throw new UsageError(
      `--audience and --note have more than ${MAX_TEXTS_LENGTH} bytes`,
      "shorten the note",
    );
  }
  return {
    audience,
    findNotAfter: readNotAfter(values.get("not-after")!, Date.now()),
    ...version !== undefined && { version },
    ...epoch !== undefined && { epoch },
    ...sourceNote !== undefined && { sourceNote },
  };
}

function readCount(values: Args["values"], flag: string): number | undefined {
  const text = values.get(flag);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new UsageError(
      `--${flag} cannot be "${text}"`,
      `it is an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  return count;
}

function readNotAfter(text: string, now: number): Release["findNotAfter"] {
  const age = parseAge(text);
  const time = age === undefined ? parseMoment(text) : now + age;
  if (time === undefined) {
    throw new UsageError(
      `--not-after cannot be "${text}"`,
      "write it as 30d or 720h, which count from now, or as a time: 2026-12-31T12:00:00Z",
    );
  }
  if (!(time > now && time <= now + MAX_VALIDITY)) {
    throw new UsageError(
      `--not-after cannot be "${text}": it is ${time > now ? "more than ten years ahead" : "in the past"}`,
      "name the time at which the release should have been replaced by a newer one",
    );
  }
  return age === undefined ? () => time : (now) => Math.floor(now + age);
}
