import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "../../../lib/observe/mod.ts";
import { metricsRoute } from "../../../lib/routes/admin/mod.ts";
import { makeStore } from "../../_environments.ts";
import { TestExplorer } from "./_test_explorer.ts";
import { checkSchema } from "./_schema.ts";

Deno.test("GET connections adds up streams and requests by environment, kind, SDK and version", async () => {
  const registry = new Registry();
  const labels = [
    "launchdarkly_relay_endpoint_type",
    "http_route",
    "http_request_method",
    "launchdarkly_environment_name",
    "user_agent_original",
  ];
  const streams = registry.gauge("http_server_active_requests", { help: "", labels });
  const requests = registry.counter("launchdarkly_relay_requests_total", { help: "", labels });
  registry.counter("something_else", { help: "", labels }).with("poll", "/all", "GET", "Project One", "X/1")
    .add(9);
  streams.with("stream", "/all", "GET", "Project One", "GoClient/7.1").add(3);
  streams.with("stream", "/flags", "GET", "Project One", "GoClient/7.1").add(1);
  requests.with("poll", "/sdk/latest-all", "GET", "Project One", "GoClient/7.1").add(5);
  requests.with("poll", "/sdk/evalx/{envId}/context", "REPORT", "Project One", "JSClient/3.5.0").add(2);
  requests.with("poll", "/ofrep/v1/evaluate/flags", "POST", "Project One", 'odd "agent"\\ (of\nours)').add(1);
  requests.with("poll", "/all", "GET", "Project Two", "not_provided").add(1);
  requests.with("poll", "/sdk/poll", "GET", "Project One", "GoClient/7.1").add(1);
  requests.with("poll", "/sdk/poll/eval/{context}", "GET", "Project One", "JSClient/3.5.0").add(1);
  requests.with("other", "other", "other", "other", "other").add(7);
  const store = await makeStore({
    e1: { env: { envName: "One" } },
    e2: { env: { envName: "Two" } },
    e3: { env: { envName: "Two" } },
  });
  const answer = await new TestExplorer({ store, metrics: [...registry.list()] }).get(
    "connections",
  ) as Record<string, unknown>;
  checkSchema("connections", answer);
  const one = { environment: "e1", name: "Project One" };
  assertEquals(answer["connections"], [
    { ...one, kind: "client", sdk: "JSClient", version: "3.5.0", streams: 0, requests: 3 },
    { ...one, kind: "openfeature", sdk: 'odd "agent"\\ (of\nours)', version: "", streams: 0, requests: 1 },
    { ...one, kind: "server", sdk: "GoClient", version: "7.1", streams: 4, requests: 6 },
    {
      environment: null,
      name: "Project Two",
      kind: "server",
      sdk: "",
      version: "",
      streams: 0,
      requests: 1,
    },
    {
      environment: null,
      name: "other",
      kind: "other",
      sdk: "other",
      version: "",
      streams: 0,
      requests: 7,
    },
  ]);
  // The names are those of the metrics that Prometheus gets.
  const { handle } = metricsRoute(() => Promise.resolve(registry.list()));
  const exposed = await (await handle(new Request("http://localhost/metrics"), { params: {}, query: "" }))
    .text();
  assertStringIncludes(
    exposed,
    'launchdarkly_environment_name="Project One",user_agent_original="GoClient/7.1"} 3',
  );
});
