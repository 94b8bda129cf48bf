/** Whether this is the long run, `deno task test:nightly`. */
export const IS_NIGHTLY: boolean = Deno.env.get("HALYARD_TESTS") === "nightly";

/** How many times as much the long run does. */
const NIGHTLY_FACTOR = 20;

/** How often to do what gains from being done more often: `usual`, or more in the long run. */
export function runs(usual: number): number {
  return IS_NIGHTLY ? usual * NIGHTLY_FACTOR : usual;
}
