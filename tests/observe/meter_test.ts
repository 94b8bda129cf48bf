import { assertEquals, assertThrows } from "@std/assert";
import { type Meter, NO_METER } from "../../lib/observe/mod.ts";
import { RecordingMeter } from "../_meter.ts";

/** Uses every kind of metric once. */
function use(meter: Meter): void {
  const requests = meter.counter("requests_total", { help: "Requests", labels: ["route", "status"] });
  requests.with("/all", "200").add();
  requests.with("/all", "200").add(2);
  requests.with("/all", "503");
  meter.gauge("streams", { help: "Open streams" }).with().set(3);
  const seconds = meter.histogram("duration_seconds", {
    help: "Time taken",
    labels: ["kind"],
    bounds: [0.1, 1],
  });
  for (const value of [0.1, 0.5, 2]) seconds.with("poll").record(value);
}

Deno.test("RecordingMeter lists every series, those with 0 too, whoever asks for them", () => {
  const meter = new RecordingMeter();
  use(meter);
  assertEquals(meter.series, {
    'requests_total{route="/all",status="200"}': 3,
    'requests_total{route="/all",status="503"}': 0,
    "streams": 3,
    'duration_seconds_bucket{kind="poll",le="0.1"}': 1,
    'duration_seconds_bucket{kind="poll",le="1"}': 2,
    'duration_seconds_bucket{kind="poll",le="+Inf"}': 3,
    'duration_seconds_sum{kind="poll"}': 2.6,
    'duration_seconds_count{kind="poll"}': 3,
  });
});

Deno.test("RecordingMeter refuses what an exporter could not show", () => {
  const meter = new RecordingMeter();
  const metric = meter.counter("a_total", { help: "A", labels: ["b"] });
  assertThrows(() => meter.gauge("a_total", { help: "A" }), TypeError, "twice");
  assertThrows(() => metric.with(), TypeError, "labels");
  assertThrows(() => metric.with("x").add(-1), RangeError, "fall");
});

Deno.test("NO_METER takes whatever a meter takes", () => use(NO_METER));
