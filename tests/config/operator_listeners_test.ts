import { assertEquals, assertStringIncludes } from "@std/assert";
import { load, refusal } from "./_load.ts";

const SOURCE = { FILE_DATA_SOURCE: "flags.tar.gz" };

Deno.test("loadSettings() reads the listener of metrics only if it is enabled, with the Relay Proxy's defaults", () => {
  const off = load({ env: { ...SOURCE, PROMETHEUS_PORT: "8030" } });
  assertEquals([off.settings.prometheus, off.warnings], [undefined, []]);
  const on = load({ env: { ...SOURCE, USE_PROMETHEUS: "true" } });
  assertEquals([on.settings.prometheus, on.warnings], [{ port: 8031 }, []]);
  assertEquals(on.settings.metricsPrefix, "launchdarkly_relay");
  const file = "[OfflineMode]\nfileDataSource=f\n[Prometheus]\nenabled=true\nport=9000\nprefix=my_app";
  const { prometheus, metricsPrefix } = load({ file }).settings;
  assertEquals([prometheus, metricsPrefix], [{ port: 9000 }, "my_app"]);
});

Deno.test("loadSettings() reads the admin listener only if it has a port, on the loopback address by default", () => {
  assertEquals(load({ env: { ...SOURCE, ADMIN_BIND_ADDRESS: "::" } }).settings.admin, undefined);
  const { settings, warnings } = load({ env: { ...SOURCE, ADMIN_PORT: "8032" } });
  assertEquals([settings.admin, warnings], [{ port: 8032, bindAddress: "127.0.0.1" }, []]);
  const file = "[OfflineMode]\nfileDataSource=f\n[Admin]\nport=9000\nbindAddress=::1";
  assertEquals(load({ file }).settings.admin, { port: 9000, bindAddress: "::1" });
});

Deno.test("loadSettings() warns of ADMIN_PORT where Kubernetes has set it, and goes on without", () => {
  const { settings, warnings } = load({ env: { ...SOURCE, ADMIN_PORT: "tcp://10.43.12.7:9090" } });
  assertEquals([settings.admin, warnings.length], [undefined, 1]);
});

Deno.test("loadSettings() refuses a port that two listeners would have", () => {
  const NAMES: Record<string, string> = {
    PORT: "port",
    STREAM_PORT: "stream port",
    PROMETHEUS_PORT: "the port of Prometheus",
    ADMIN_PORT: "the admin port",
  };
  const all = Object.entries(NAMES);
  for (const [i, [variable, name]] of all.entries()) {
    for (const [other, otherName] of all.slice(0, i)) {
      const env = { ...SOURCE, USE_PROMETHEUS: "true", [variable]: "9999", [other]: "9999" };
      assertStringIncludes(refusal({ env })[1], `${otherName} and ${name} must differ`);
    }
  }
  load({ env: { ...SOURCE, PORT: "8031", PROMETHEUS_PORT: "8031" } });
});
