import { parseArgs } from "node:util";
import { TRANSPORT_NAMES } from "./relays.ts";

/** What the command line says. */
export interface SoakOptions {
  /** How long reloads go on. */
  minutes: number;
  /** Number of streams. */
  streams: number;
  /** Requests a second. */
  requests: number;
  /** Time between two reloads: seconds. */
  reload: number;
  /** Time after which a version that a stream has not got is lost: seconds. */
  lag: number;
  /** Names of the transports. */
  transports: string[];
  /** Import map of the sources, where there is one. */
  importMap?: string;
}

/**
 * Reads the command line.
 *
 * @param args The words of it.
 * @returns The options.
 * @throws {TypeError} When there is anything else in it.
 */
export function readOptions(args: string[]): SoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "10" },
      streams: { type: "string", default: "2000" },
      requests: { type: "string", default: "200" },
      reload: { type: "string", default: "5" },
      lag: { type: "string", default: "30" },
      transports: { type: "string", default: TRANSPORT_NAMES.join(",") },
      "import-map": { type: "string" },
    },
  });
  function readNumber(name: "minutes" | "streams" | "requests" | "reload" | "lag", least: number): number {
    const number = Number(values[name]);
    if (!(number >= least && number < Infinity)) {
      throw new TypeError(`--${name} "${values[name]}" is not a number from ${least} up`);
    }
    return number;
  }
  const transports = values.transports.split(",");
  for (const name of transports) {
    if (!TRANSPORT_NAMES.includes(name)) {
      throw new TypeError(`There is no transport "${name}", but ${TRANSPORT_NAMES.join(", ")}`);
    }
  }
  return {
    minutes: readNumber("minutes", 0),
    streams: Math.ceil(readNumber("streams", 1)),
    requests: readNumber("requests", 0),
    reload: readNumber("reload", 0.1),
    lag: readNumber("lag", 0.1),
    transports,
    ...values["import-map"] !== undefined && { importMap: values["import-map"] },
  };
}
