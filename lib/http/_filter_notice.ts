import type { Log } from "../observe/mod.ts";

/**
 * Creates the function that warns, once per environment, when a client asks for a payload filter.
 *
 * @param log Where to warn.
 * @returns The function; it gets the environment's ID and the query string.
 */
export function createFilterNotice(log: Log): (environment: string, query: string) => void {
  return (environment, query) => {
    if (!query.includes("filter=") || !new URLSearchParams(query).has("filter")) return;
    log.warnOnce("A client asks for a payload filter; archives have none, it gets all flags", {
      environment,
    });
  };
}
