import type { LogLevel } from "../observe/mod.ts";

/** Source of a value. The two parse booleans differently. */
export type ValueSource = "file" | "environment";

/** Type of a setting: parses its text. */
export interface ValueType<T> {
  /** Its name in the docs. */
  name: string;
  /** Its syntax, for the docs. */
  syntax: string;
  /** Value of a name alone, without `=`, in a file. Absent: it is refused. */
  blank?: T;
  /**
   * Reads a value.
   *
   * @returns The value; `undefined` for "not set", the meaning of an empty text.
   * @throws {SyntaxError} When the text cannot be read, in the Relay Proxy's words.
   */
  parse(text: string, source: ValueSource): T | undefined;
}

/** Any text. */
export const text: ValueType<string> = plainText("text", "Any text.");

/** A path in the file system. */
export const path: ValueType<string> = plainText(
  "path",
  "A path, from the working directory if it is not absolute.",
);

/** Longest path of a Unix socket. That of Linux, which holds it and a final zero in 108 bytes; macOS allows 103. @limit bytes: the setting is refused */
const MAX_SOCKET_PATH_BYTES = 107;

/** A path for a Unix socket. Permissions are for one path, so it cannot depend on the working directory. */
export const socketPath: ValueType<string> = {
  name: "socket path",
  syntax: `An absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes.`,
  parse(text) {
    if (text === "") return undefined;
    if (!/^\/[^\0]+$/.test(text)) throw new SyntaxError("not an absolute path");
    const { length } = new TextEncoder().encode(text);
    if (length > MAX_SOCKET_PATH_BYTES) {
      throw new SyntaxError(
        `value has ${length} bytes, the path of a Unix socket at most ${MAX_SOCKET_PATH_BYTES}`,
      );
    }
    return text;
  },
};

/**
 * A path of a directory. Permissions are for one path, so it cannot depend on the working directory. systemd joins several by
 * colons in `STATE_DIRECTORY`.
 */
export const directoryPath: ValueType<string> = {
  name: "directory path",
  syntax: "An absolute path of one directory.",
  parse(text) {
    if (text === "") return undefined;
    if (/^[^:]{2,}:/.test(text)) throw new SyntaxError("these are several paths: name one");
    if (!/^(\/|[A-Za-z]:[\\/])[^\0,]*$/.test(text)) {
      throw new SyntaxError("not an absolute path without a comma");
    }
    return text.replace(/(?<=.)\/+$/, "");
  },
};

/** A boolean. A file allows two more spellings than the environment and refuses the empty text. */
export const boolean: ValueType<boolean> = {
  name: "boolean",
  syntax:
    "`true`, `yes`, `1` or `false`, `no`, `0`. A file may also say `on` and `off`, or the name alone for `true`.",
  blank: true,
  parse(text, source) {
    const isFile = source === "file";
    if (text === "" && !isFile) return undefined;
    if (/^(true|yes|1)$/i.test(text) || isFile && /^on$/i.test(text)) return true;
    if (/^(false|no|0)$/i.test(text) || isFile && /^off$/i.test(text)) return false;
    throw new SyntaxError("not a valid boolean value (must be true/false, yes/no, or 0/1)");
  },
};

/** A whole number above zero. */
export const integer: ValueType<number> = {
  name: "integer",
  syntax: "A decimal number above 0.",
  parse(text) {
    if (text === "") return undefined;
    const value = Number(text);
    if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
      throw new SyntaxError("not a valid integer");
    }
    if (value <= 0) throw new SyntaxError("value must be greater than zero");
    return value;
  },
};

/** A whole number where 0 switches something off. */
export const integerOrZero: ValueType<number> = {
  name: "integer or 0",
  syntax: "A decimal number, 0 or more.",
  parse(text, source) {
    if (/^[-+]?0+$/.test(text)) return 0;
    if (/^-\d+$/.test(text)) throw new SyntaxError("value must not be negative");
    return integer.parse(text, source);
  },
};

/** Largest TCP port. RFC 9293: 16 bits. @limit : the setting is refused */
const MAX_PORT = 65_535;

/** A TCP port. */
export const port: ValueType<number> = {
  name: "port",
  syntax: `A decimal number from 1 to ${MAX_PORT}.`,
  parse(text, source) {
    const value = integer.parse(text, source);
    if (value !== undefined && value > MAX_PORT) throw new SyntaxError(`value must be at most ${MAX_PORT}`);
    return value;
  },
};

/** Most threads that serve. No host has more cores than this by far, and each takes 20 MB. @limit threads: the setting is refused */
const MAX_THREADS = 256;

/** A number of threads. */
export const threadCount: ValueType<number | "auto"> = {
  name: "thread count",
  syntax: `A decimal number from 1 to ${MAX_THREADS}, or \`auto\` for one for each processor core.`,
  parse(text, source) {
    if (text.toLowerCase() === "auto") return "auto";
    const value = integer.parse(text, source);
    if (value !== undefined && value > MAX_THREADS) {
      throw new SyntaxError(`value must be at most ${MAX_THREADS}`);
    }
    return value;
  },
};

const NANOSECONDS: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["\u00b5s", 1e3], // micro sign
  ["\u03bcs", 1e3], // Greek letter
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3_600e9],
]);

/** A time in ms, written as in Go. */
export const duration: ValueType<number> = {
  name: "duration",
  syntax: "Numbers with units: `500ms`, `15s`, `3m`, `1h30m`; also `us` and `ns`. Only `0` needs no unit.",
  parse(text) {
    if (text === "") return undefined;
    const value = parseUnits(text, NANOSECONDS);
    if (value === undefined) {
      throw new SyntaxError('not a valid duration (must use format "1ms", "1s", "1m", etc.)');
    }
    return value / 1e6;
  },
};

/** A day: ms. */
const DAY = 86_400_000;

/** Longest age. Far longer than any release is used. @limit ms: the setting is refused */
const MAX_AGE = 36_500 * DAY;

/** An age in ms, and whether what is older is refused. */
export const ageLimit: ValueType<{ ms: number; isHard: boolean }> = {
  name: "age",
  syntax: "A duration, or days: `720h`, `30d`. With `hard` behind it, what is older is refused: `30d hard`.",
  parse(text) {
    if (text === "") return undefined;
    const [, age = "", hard] = /^(.*?)(?:[ ,]+(hard))?$/is.exec(text)!;
    const [, days] = /^(\d+)d$/.exec(age) ?? [];
    const ms = days === undefined ? parseUnits(age, NANOSECONDS)! / 1e6 : Number(days) * DAY;
    if (!(ms > 0 && ms <= MAX_AGE)) {
      throw new SyntaxError(
        'not a valid age (must use format "720h" or "30d", and "hard" behind it if at all)',
      );
    }
    return { ms, isHard: hard !== undefined };
  },
};

/** A moment: ms since epoch. */
export const moment: ValueType<number> = {
  name: "time",
  syntax: "As in RFC 3339: `2026-12-31T12:00:00Z`, `2026-12-31T13:00:00+01:00`.",
  parse(text) {
    if (text === "") return undefined;
    const [, day] =
      /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
    const value = day === undefined ? NaN : Date.parse(text);
    // Date.parse() takes February 30 for March 2.
    if (Number.isNaN(value) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day!)) {
      throw new SyntaxError('not a valid time (must use format "2026-12-31T12:00:00Z")');
    }
    return value;
  },
};

const BYTES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ...[..."KMGTPE"].flatMap((prefix, i): [string, number][] => [
    [`${prefix}iB`, 1024 ** (i + 1)],
    [`${prefix}B`, 1024 ** (i + 1)],
  ]),
]);

/** A size in bytes. */
export const size: ValueType<number> = {
  name: "size",
  syntax:
    "A number with a unit: `512B`, `64KiB`, `10MiB`, `1GiB`. `KB`, `MB`, `GB` mean the same multiples of 1024.",
  parse(text) {
    if (text === "") return undefined;
    const value = parseUnits(text, BYTES);
    if (value === undefined) throw new SyntaxError("not a valid base-2 byte size");
    return value;
  },
};

/** Largest duration or size of a setting. Go holds both in 64 bits and refuses what does not fit; here the limit itself is rounded. @limit ns or bytes: the setting is refused */
const INT64_LIMIT = 2 ** 63;

/** Adds up `1h30m`: a sign, then numbers each followed by a unit. Truncates to the smallest unit. */
function parseUnits(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, sign, amounts = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (amounts === "0") return 0;
  let total = 0;
  let end = 0;
  for (const [part, amount, unit = ""] of amounts.matchAll(/(\d+(?:\.\d*)?|\.\d+)([^\d.]+)/gy)) {
    const factor = units.get(unit);
    if (factor === undefined) return undefined;
    total += Number(amount) * factor;
    end += part.length;
  }
  if (end === 0 || end < amounts.length || total > INT64_LIMIT) return undefined;
  return Math.trunc(sign === "-" ? -total : total);
}

/** An address with a scheme. */
export const url: ValueType<string> = {
  name: "URL",
  syntax: "An address with its scheme, as `https://sdk.launchdarkly.com`.",
  parse(text) {
    if (text === "") return undefined;
    const isAbsolute = /^[a-z][a-z\d+.-]*:/i.test(text);
    const isBroken = isAbsolute ? !URL.canParse(text) : /^[^/?#]*:|%(?![\da-f]{2})/i.test(text);
    if (isBroken) throw new SyntaxError("not a valid URL/URI");
    if (!isAbsolute) throw new SyntaxError("must be an absolute URL/URI");
    return text;
  },
};

/** A list of texts. Each occurrence adds to what was there before. */
export const list: ValueType<string[]> = {
  name: "list",
  syntax:
    "Texts separated by `,`; blanks around each do not count. In a file the name may stand several times; the environment adds to the file.",
  parse: (text) => text === "" ? [] : text.split(",").map((item) => item.trim()),
};

/** A list of paths. */
export const pathList: ValueType<string[]> = {
  name: "path list",
  syntax: "A list of paths, from the working directory if they are not absolute; empty ones do not count.",
  parse: (text, source) => list.parse(text, source)?.filter((path) => path !== ""),
};

/** A list of texts that go into headers. */
export const headerList: ValueType<string[]> = {
  name: "header list",
  syntax: "A list of texts in ASCII; empty ones do not count.",
  parse(text, source) {
    const values = list.parse(text, source)?.filter((value) => value !== "");
    const wrong = values?.find((value) => !/^[ -~]*$/.test(value));
    if (wrong !== undefined) throw new SyntaxError(`${JSON.stringify(wrong)} cannot stand in a header`);
    return values;
  },
};

/** A list to which each occurrence adds one text. */
export const tags: ValueType<string[]> = {
  name: "tags",
  syntax: "One text; in a file the name may stand several times.",
  blank: [],
  parse: (text) => [text],
};

/** A log level. */
export const logLevel: ValueType<LogLevel> = oneOf("log level", ["debug", "info", "warn", "error", "none"]);

/** A log format. */
export const logFormat: ValueType<"text" | "json"> = oneOf("log format", ["text", "json"]);

/** What happens to data that is not signed as it has to be. */
export const trustMode: ValueType<"off" | "warn" | "require"> = oneOf("mode", ["off", "warn", "require"]);

/** Words for the reasons of values. */
export const reasonDialect: ValueType<"openfeature" | "launchdarkly"> = oneOf("reasons", [
  "openfeature",
  "launchdarkly",
]);

/** A version of TLS. */
export const tlsVersion: ValueType<"1.0" | "1.1" | "1.2" | "1.3"> = oneOf("TLS version", [
  "1.0",
  "1.1",
  "1.2",
  "1.3",
]);

function plainText(name: string, syntax: string): ValueType<string> {
  return { name, syntax, parse: (text) => text === "" ? undefined : text };
}

function oneOf<T extends string>(name: string, values: readonly T[]): ValueType<T> {
  return {
    name,
    syntax: `${values.map((value) => `\`${value}\``).join(", ")}.`,
    parse(text) {
      if (text === "") return undefined;
      const value = values.find((value) => value === text.toLowerCase());
      if (value === undefined) throw new SyntaxError(`${JSON.stringify(text)} is not a valid ${name}`);
      return value;
    },
  };
}
