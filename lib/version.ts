import config from "../deno.json" with { type: "json" };
import { BUILD_INFO } from "./build_info.ts";

/** Halyard's version, as `deno.json` states it. */
export const VERSION: string = config.version;

/** All that tells one build from another, as `--version` prints it behind the program's name. */
export const BUILD: string =
  `${VERSION} (${BUILD_INFO.commit}), Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, @std from ${BUILD_INFO.std}`;
