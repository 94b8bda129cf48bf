import { assertEquals } from "@std/assert";
import { logChanges } from "../../lib/cli/_reload_settings.ts";
import { makeLog } from "../_environments.ts";
import { load } from "../config/_load.ts";

/** Settings as a file configures them. */
function read(main: string, offlineMode = ""): ReturnType<typeof load>["effective"] {
  return load({ file: `[Main]\n${main}\n[OfflineMode]\nfileDataSource = f\n${offlineMode}` }).effective;
}

Deno.test("logChanges() names what is applied and what needs a restart, again while it differs", () => {
  const running = read("port = 1", "envAllowedOrigin = https://a");
  const changed = read("port = 2\nmaxStreams = 5");
  for (
    const lines of [
      [
        "warn: Not reloaded: port needs a restart section=Main",
        "info: Reloaded: maxStreams = 5 section=Main",
        "info: Reloaded: envAllowedOrigin = not set section=OfflineMode",
      ],
      ["warn: Not reloaded: port needs a restart section=Main"],
    ]
  ) {
    const log = makeLog();
    running.splice(0, Infinity, ...logChanges(running, changed, log));
    assertEquals(log.lines, lines);
  }
  assertEquals(running.find(({ name }) => name === "port")!.value, "1");
  assertEquals(running.find(({ name }) => name === "maxStreams")!.value, "5");
});

Deno.test("logChanges() has nothing to say of the same values, however they are written", () => {
  const log = makeLog();
  const running = read("heartbeatInterval = 1m\nlogLevel = WARN\ntlsEnabled = off", "envAllowedHeader = a,b");
  const changed = read(
    "port = 8030\nheartbeatInterval = 60s\nlogLevel = warn",
    "envAllowedHeader = a\nenvAllowedHeader = b",
  );
  logChanges(running, changed, log);
  assertEquals(log.lines, []);
});

Deno.test("logChanges() shows no relay key", () => {
  const log = makeLog();
  const key = "rel-01234567-89ab-4def-8123-456789abcdef";
  const changed = load({ env: { FILE_DATA_SOURCE: "f", AUTO_CONFIG_KEY: key } }).effective;
  logChanges(load({ env: { FILE_DATA_SOURCE: "f" } }).effective, changed, log);
  assertEquals(log.lines, [
    "info: Reloaded: key = rel-********-****-****-****-*******bcdef section=AutoConfig",
  ]);
});

Deno.test("logChanges() notices another token, and shows neither", () => {
  const log = makeLog();
  const [running, changed] = ["correct-horse-battery", "staple-horse-battery"].map((token) =>
    load({ env: { FILE_DATA_SOURCE: "f", ADMIN_PORT: "1", ADMIN_EXPLORER: "true", ADMIN_TOKEN: token } })
      .effective
  );
  logChanges(running!, changed!, log);
  assertEquals(log.lines, ["warn: Not reloaded: token needs a restart section=Admin"]);
});
