import { assert, assertEquals, assertGreater } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { flood } from "./_flood.ts";
import { freePort, startRelay } from "./_relay.ts";

/** Far more than a relay can do with so many flags. */
const [FLAGS, RATE, CONNECTIONS] = [5000, 4000, 1000];
const MS = 2500;
const PROBE_MS = 100;

const CONTEXT = btoa('{"kind":"user","key":"u"}');
const POLL = `/msdk/evalx/contexts/${CONTEXT}`;
const HEADERS = { authorization: "mob-e1" };

const LISTENERS: [name: string, env: Record<string, string>, isForStreams: boolean][] = [
  ["one thread", {}, false],
  ["two threads", { THREADS: "2" }, false],
  ["STREAM_PORT", {}, true],
];

/** Asks a probe. Returns its URL, and the status or what went wrong. */
async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return `${url} ${response.status}`;
  } catch (error) {
    return `${url} ${error}`;
  }
}

for (const [name, env, isForStreams] of LISTENERS) {
  Deno.test(`a relay with ${name} outlives a flood of evaluations, answers probes meanwhile and evaluates afterwards`, async () => {
    const flags = Object.fromEntries(Array.from({ length: FLAGS }, (_, i) => [`flag-${i}`, constantFlag(i)]));
    await using file = await DataFile.create(await packArchive({ e1: { flags } }));
    const [streamPort, metricsPort] = [freePort(), freePort()];
    await using relay = await startRelay({
      env: {
        FILE_DATA_SOURCE: file.path,
        STREAM_PORT: `${streamPort}`,
        USE_PROMETHEUS: "true",
        PROMETHEUS_PORT: `${metricsPort}`,
        ...env,
      },
    });
    const port = isForStreams ? streamPort : relay.port;
    const url = `http://127.0.0.1:${port}`;
    const before = await (await fetch(url + POLL, { headers: HEADERS })).text();
    const probes: Promise<string>[] = [];
    const probing = setInterval(() => {
      for (
        const probe of [
          `${url}/health/live`,
          `${url}/health/ready`,
          `http://127.0.0.1:${metricsPort}/metrics`,
        ]
      ) {
        probes.push(ask(probe));
      }
    }, PROBE_MS);
    const request = `GET ${POLL} HTTP/1.1\r\nhost: x\r\nauthorization: mob-e1\r\n\r\n`;
    const report = await flood({ port, request, rate: RATE, ms: MS, connections: CONNECTIONS });
    clearInterval(probing);
    // None, where this machine is too busy for the flood to be one.
    const { "503": shed = 0 } = report.statuses;
    assertEquals(Object.keys(report.statuses).filter((status) => status !== "200" && status !== "503"), []);
    assertEquals([report.withoutRetryAfter, report.broken], [0, 0]);
    assertGreater(probes.length, 3);
    assertEquals((await Promise.all(probes)).filter((answer) => !answer.endsWith(" 200")), []);
    // What waited for its turn when the clients left has to come to an end first.
    let after = await fetch(url + POLL, { headers: HEADERS });
    for (let tries = 0; after.status === 503 && tries < 10_000; tries++) {
      await after.body?.cancel();
      after = await fetch(url + POLL, { headers: HEADERS });
    }
    assertEquals([after.status, await after.text() === before], [200, true]);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const counted = /^halyard_requests_shed_total\{reason="evaluations"\} (\d+)$/m.exec(metrics)?.[1];
    // Some were turned away after the clients had left.
    assert(Number(counted) >= shed, `${counted} of ${shed}`);
  });
}
