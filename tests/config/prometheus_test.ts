import { assertEquals } from "@std/assert";
import { load, refusal } from "./_load.ts";

const SOURCE = { FILE_DATA_SOURCE: "flags.tar.gz" };

Deno.test("loadSettings() reads the listener of metrics only if it is enabled, with the Relay Proxy's defaults", () => {
  const off = load({ env: { ...SOURCE, PROMETHEUS_PORT: "8030" } });
  assertEquals([off.settings.prometheus, off.warnings], [undefined, []]);
  const on = load({ env: { ...SOURCE, USE_PROMETHEUS: "true" } });
  assertEquals([on.settings.prometheus, on.warnings], [{ port: 8031, prefix: "launchdarkly_relay" }, []]);
  const file = "[OfflineMode]\nfileDataSource=f\n[Prometheus]\nenabled=true\nport=9000\nprefix=my_app";
  assertEquals(load({ file }).settings.prometheus, { port: 9000, prefix: "my_app" });
});

Deno.test("loadSettings() refuses a port of metrics that another listener has", () => {
  for (const other of ["PORT", "STREAM_PORT"]) {
    const [, message] = refusal({ env: { ...SOURCE, USE_PROMETHEUS: "true", [other]: "8031" } });
    assertEquals(message.includes("the port of Prometheus must differ from port and stream port"), true);
  }
});
