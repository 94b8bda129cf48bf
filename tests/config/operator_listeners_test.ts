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

const TOKEN = "correct-horse-battery";

Deno.test("loadSettings() reads the explorer only if it is on, with its token and its hosts", () => {
  const admin = { ...SOURCE, ADMIN_PORT: "8032" };
  assertEquals(load({ env: admin }).settings.admin?.explorer, undefined);
  assertEquals(load({ env: { ...admin, ADMIN_EXPLORER: "0" } }).settings.admin?.explorer, undefined);
  const on = { ...admin, ADMIN_EXPLORER: "true" };
  assertEquals(load({ env: on }).settings.admin?.explorer, { hosts: [] });
  const env = { ...on, ADMIN_TOKEN: TOKEN, ADMIN_HOSTS: "Halyard.example, FD00:0::7,10.0.0.7,[fd00::8]," };
  const { settings, warnings } = load({ env });
  assertEquals(settings.admin?.explorer, {
    token: TOKEN,
    hosts: ["halyard.example", "[fd00::7]", "10.0.0.7", "[fd00::8]"],
  });
  assertEquals(warnings, []);
  const file =
    `[OfflineMode]\nfileDataSource=f\n[Admin]\nport=9000\nexplorer\ntoken=${TOKEN}\nhosts=a\nhosts=b`;
  assertEquals(load({ file }).settings.admin?.explorer, { token: TOKEN, hosts: ["a", "b"] });
});

Deno.test("loadSettings() refuses an explorer that nobody or anybody could open", () => {
  const on = { ...SOURCE, ADMIN_EXPLORER: "true" };
  assertStringIncludes(refusal({ env: on })[1], "cannot serve the explorer without an admin port");
  const port = { ...on, ADMIN_PORT: "8032" };
  for (
    const address of ["::", "0.0.0.0", "10.0.0.7", "halyard.example", "::ffff:127.0.0.1", "127.1", "fd00::1"]
  ) {
    const open = { ...port, ADMIN_BIND_ADDRESS: address };
    assertStringIncludes(
      refusal({ env: open })[1],
      "cannot serve the explorer without a token on an address that is not loopback",
    );
    assertEquals(load({ env: { ...open, ADMIN_TOKEN: TOKEN } }).settings.admin?.explorer?.token, TOKEN);
  }
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "0:0::1", "localhost"]) {
    assertEquals(load({ env: { ...port, ADMIN_BIND_ADDRESS: address } }).settings.admin?.explorer, {
      hosts: [],
    });
  }
});

Deno.test("loadSettings() refuses tokens that can be guessed or sent nowhere, and never shows one", () => {
  const on = { ...SOURCE, ADMIN_EXPLORER: "true", ADMIN_PORT: "8032" };
  for (const token of ["fifteen-letters", "x".repeat(1001), "with blanks in between", "unsent-schlüssel"]) {
    const text = refusal({ env: { ...on, ADMIN_TOKEN: token } })[1];
    assertStringIncludes(text, "ADMIN_TOKEN: a secret has ");
    assertEquals(text.includes(token), false);
  }
  const file = `[OfflineMode]\nfileDataSource=f\n[Admin]\nport=9000\nexplorer\ntoken=${TOKEN}`;
  assertStringIncludes(refusal({ file, env: { ADMIN_TOKEN: "" } })[1], "ADMIN_TOKEN: a secret has ");
  assertEquals(
    load({ env: { ...on, ADMIN_TOKEN: "x".repeat(16) } }).settings.admin?.explorer?.token?.length,
    16,
  );
  const { effective } = load({ env: { ...on, ADMIN_TOKEN: TOKEN } });
  assertEquals(effective.find(({ name }) => name === "token")?.value, "****************");
  assertEquals(JSON.stringify(effective).includes(TOKEN.slice(-5)), false);
});

Deno.test("loadSettings() refuses hosts that no Host header has", () => {
  const on = { ...SOURCE, ADMIN_EXPLORER: "true", ADMIN_PORT: "8032" };
  for (const host of ["http://a", "a:8032", "a/b", "*.example", "[fd00::1]:8032", "fd00::1%eth0", "a b"]) {
    assertStringIncludes(
      refusal({ env: { ...on, ADMIN_HOSTS: `good,${host}` } })[1],
      `${JSON.stringify(host)} is not a name or an IP address`,
    );
  }
});
