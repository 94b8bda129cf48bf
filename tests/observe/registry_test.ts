import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { formatMetrics, readLabels, Registry, sumMetrics } from "../../lib/observe/mod.ts";
import { readMetrics, valueOf } from "./_exposition.ts";

Deno.test("formatMetrics() writes what a Registry has counted, with 0 where nothing has been", () => {
  const registry = new Registry();
  const requests = registry.counter("requests_total", { help: "Requests", labels: ["route", "status"] });
  requests.with("/all", "200").add();
  requests.with("/all", "200").add(2);
  requests.with("/all", "503");
  const streams = registry.gauge("streams", { help: "Open\nstreams \\" }).with();
  streams.set(3);
  streams.add(-1);
  const seconds = registry.histogram("seconds", { help: "Time", labels: ["kind"], bounds: [0.1, 1] });
  for (const value of [0.1, 0.5, 2]) seconds.with("poll").record(value);
  registry.gauge("limit", { help: "Limit" }).with().set(Infinity);
  const text = formatMetrics(registry.list());
  assertEquals(
    text,
    `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{route="/all",status="200"} 3
requests_total{route="/all",status="503"} 0

# HELP streams Open\\nstreams \\\\
# TYPE streams gauge
streams 2

# HELP seconds Time
# TYPE seconds histogram
seconds_bucket{kind="poll",le="0.1"} 1
seconds_bucket{kind="poll",le="1"} 2
seconds_bucket{kind="poll",le="+Inf"} 3
seconds_sum{kind="poll"} 2.6
seconds_count{kind="poll"} 3

# HELP limit Limit
# TYPE limit gauge
limit +Inf
`,
  );
  assertEquals([...readMetrics(text).keys()], [
    "requests_total",
    "streams",
    ...["seconds_bucket", "seconds_sum", "seconds_count"],
    "limit",
  ]);
});

Deno.test("formatMetrics() escapes label values: no text of a client makes a line or a label", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (values) => {
      const registry = new Registry();
      const metric = registry.counter("a_total", { help: "A", labels: ["b"] });
      for (const value of values) metric.with(value).add();
      const lines = formatMetrics(registry.list()).split("\n").slice(2, -1);
      const read = lines.map((line) => {
        const [, text] = /^a_total\{b="((?:[^"\\\n]|\\.)*)"\} \d+$/.exec(line)!;
        return text!.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
      });
      assertEquals(read, [...new Set(values)]);
    }),
  );
});

Deno.test("Registry counts what is beyond the limit of series as other", () => {
  const registry = new Registry();
  const metric = registry.counter("a_total", { help: "A", labels: ["b", "c"] });
  for (let i = 0; i < 5_000; i++) metric.with(`${i}`, "x").add();
  const [state] = registry.list();
  assertLess(state!.series.size, 2_100);
  const metrics = readMetrics(formatMetrics(registry.list()));
  assertEquals(valueOf(metrics, "a_total", { b: "other", c: "other" }), 3_000);
});

Deno.test("sumMetrics() adds up series by series and changes none", () => {
  const [a, b] = [new Registry(), new Registry()];
  for (const registry of [a, b]) {
    registry.counter("n_total", { help: "N", labels: ["x"] }).with("both").add(2);
    registry.histogram("h", { help: "H", bounds: [1] }).with().record(0.5);
  }
  b.counter("only_total", { help: "O" }).with().add();
  const sum = sumMetrics([a.list(), b.list()]);
  const metrics = readMetrics(formatMetrics(sum));
  assertEquals([...metrics.keys()], ["n_total", "h_bucket", "h_sum", "h_count", "only_total"]);
  assertEquals([valueOf(metrics, "n_total", { x: "both" }), valueOf(metrics, "h_count")], [4, 2]);
  assertEquals(valueOf(readMetrics(formatMetrics(a.list())), "n_total"), 2);
});

Deno.test("readLabels() reads what a Registry has written, whatever is in the values", () => {
  const values = fc.array(fc.string({ unit: "binary", maxLength: 20 }), { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(values, (values) => {
    const registry = new Registry();
    registry.counter("n_total", { help: "N", labels: ["a", "b_c", "d9"] }).with(...values);
    const [labels] = registry.list()[0]!.series.keys();
    assertEquals(Object.values(readLabels(labels!)), values);
    assertEquals(Object.keys(readLabels(labels!)), ["a", "b_c", "d9"]);
  }));
  assertEquals(readLabels(""), {});
  assertEquals(readLabels(String.raw`a="\"x\",b=\\n\n"`), { a: '"x",b=\\n\n' });
});
