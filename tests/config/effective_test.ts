import { assertEquals } from "@std/assert";
import type { EffectiveSetting } from "../../lib/config/mod.ts";
import { load, type Sources } from "./_load.ts";

/** Value and source of a setting. */
function find(sources: Sources, name: string): [EffectiveSetting["value"], EffectiveSetting["source"]] {
  const { value, source } = load(sources).effective.find((setting) => setting.name === name)!;
  return [value, source];
}

const FILE =
  "[OfflineMode]\nfileDataSource = a.tar.gz\nenvAllowedOrigin = https://a\n[Main]\nport = 1\ntlsEnabled = off\n";

Deno.test("effective settings have the value as it was written, and where it comes from", () => {
  const env = { PORT: "2", ENV_ALLOWED_ORIGIN: "https://b,https://c", HEARTBEAT_INTERVAL: "90s" };
  assertEquals(find({ file: FILE }, "port"), ["1", "file"]);
  assertEquals(find({ file: FILE, env }, "port"), ["2", "environment"]);
  assertEquals(find({ file: FILE, env }, "heartbeatInterval"), ["90s", "environment"]);
  assertEquals(find({ file: FILE, env }, "fileDataSource"), ["a.tar.gz", "file"]);
  assertEquals(find({ file: FILE, env }, "tlsEnabled"), ["off", "file"]);
  assertEquals(find({ file: FILE, env }, "envAllowedOrigin"), [
    "https://a,https://b,https://c",
    "file and environment",
  ]);
  assertEquals(find({ file: FILE, env }, "maxStreams"), ["20000", "default"]);
  assertEquals(find({ file: FILE, env }, "memoryLimit"), [null, "default"]);
});

Deno.test("effective settings tell which ones a running relay applies: those of LiveSettings, and the relay key", () => {
  const { effective } = load({ file: FILE });
  assertEquals(effective.filter(({ reload }) => reload === "live").map(({ name }) => name), [
    "heartbeatInterval",
    "maxStreams",
    "logLevel",
    "envAllowedOrigin",
    "envAllowedHeader",
    "key",
  ]);
});

Deno.test("a second name of a setting sets it, and gives way to the first", () => {
  const file = `${FILE}gracefulShutdownTimeout = 30s\n`;
  const env = { GRACEFUL_SHUTDOWN_TIMEOUT: "40s", SHUTDOWN_GRACE_PERIOD: "50s" };
  assertEquals(find({ file }, "shutdownGracePeriod"), ["30s", "file"]);
  assertEquals(find({ file, env: { GRACEFUL_SHUTDOWN_TIMEOUT: "40s" } }, "shutdownGracePeriod"), [
    "40s",
    "environment",
  ]);
  assertEquals(find({ file, env }, "shutdownGracePeriod"), ["50s", "environment"]);
  assertEquals(load({ file, env }).settings.shutdownGracePeriod, 50_000);
  assertEquals(load({ file }).effective.some(({ name }) => name === "gracefulShutdownTimeout"), false);
});

Deno.test("an empty variable takes the file's value away, and the default is in effect", () => {
  assertEquals(find({ file: FILE, env: { PORT: "" } }, "port"), ["8030", "default"]);
});

Deno.test("effective settings obscure the relay key, and leave out what has no effect", () => {
  const env = { AUTO_CONFIG_KEY: "rel-01234567-89ab-4def-8123-456789abcdef", USE_EVENTS: "true" };
  const { effective } = load({ file: FILE, env });
  assertEquals({ ...effective.find(({ name }) => name === "key") }, {
    section: "AutoConfig",
    name: "key",
    variable: "AUTO_CONFIG_KEY",
    value: "rel-********-****-****-****-*******bcdef",
    source: "environment",
    reload: "live",
  });
  assertEquals(effective.some(({ name }) => name === "sendEvents"), false);
});
