import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LogOutput, type Sink } from "../../lib/observe/mod.ts";

const LINE = "0123456789\n";

/** A sink that takes what it is let take, and fails when told to. */
class TestSink implements Sink {
  text = "";
  failure: Error | undefined;
  #gate: PromiseWithResolvers<void> | undefined;

  async write(bytes: Uint8Array): Promise<number> {
    await this.#gate?.promise;
    if (this.failure) throw this.failure;
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  /** The reader stops. */
  stop(): void {
    this.#gate ??= Promise.withResolvers();
  }

  /** The reader goes on. */
  goOn(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}

function makeOutput(sink: Sink, maxWaitingLength = 5 * LINE.length): LogOutput {
  return new LogOutput({ sink, maxWaitingLength, describeDropped: (count) => `dropped ${count}\n` });
}

/** Time for all lines to be written, on a machine that is busy: ms. */
const PATIENCE = 30_000;

Deno.test("LogOutput.write() keeps order, and waits for nobody", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  output.write("a\n");
  output.write("b\n");
  await output.flush(1000);
  output.write("c\n");
  await output.flush(1000);
  assertEquals(sink.text, "a\nb\nc\n");
});

Deno.test("LogOutput.write() drops and counts what finds no room, and says so where it is missing", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  sink.stop();
  for (let i = 0; i < 12; i++) output.write(`line ${String(i).padStart(5)}\n`);
  sink.goOn();
  await output.flush(1000);
  output.write("later\n");
  await output.flush(1000);
  const lines = sink.text.split("\n");
  assertEquals(lines.slice(0, 5).map((line) => line.replace(/ +/, " ")), [
    "line 0",
    "line 1",
    "line 2",
    "line 3",
    "line 4",
  ]);
  assertEquals(lines.slice(5), ["dropped 7", "later", ""]);
});

Deno.test("LogOutput.flush() gives up at its deadline", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  sink.stop();
  output.write(LINE);
  await output.flush(20);
  assertEquals(sink.text, "");
  sink.goOn();
  await output.flush(1000);
  assertEquals(sink.text, LINE);
});

Deno.test("LogOutput counts what a sink refuses, and says so once it takes lines again", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  sink.failure = new Deno.errors.BrokenPipe("Broken pipe");
  for (let i = 0; i < 3; i++) {
    output.write(LINE);
    await output.flush(1000);
  }
  sink.failure = undefined;
  output.write("later\n");
  await output.flush(1000);
  assertEquals(sink.text, "dropped 3\nlater\n");
});

Deno.test("LogOutput tries again where a sink would have to wait", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  sink.failure = new Deno.errors.WouldBlock("Resource temporarily unavailable");
  output.write("a\n");
  setTimeout(() => sink.failure = undefined, 20);
  await output.flush(1000);
  assertEquals(sink.text, "a\n");
});

Deno.test("LogOutput says of lines that failed before others, and of lines that found no room behind them, each in its place", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  output.write("line 00000\n");
  sink.failure = new Error("disk full");
  for (let i = 1; i < 7; i++) output.write(`line 0000${i}\n`);
  sink.stop();
  // The first line fails, the next four wait, the last two have found no room.
  await new Promise((resolve) => setTimeout(resolve));
  sink.failure = undefined;
  sink.goOn();
  await output.flush(PATIENCE);
  assertEquals(sink.text.split("\n"), [
    "dropped 1",
    "line 00001",
    "line 00002",
    "line 00003",
    "line 00004",
    "dropped 2",
    "",
  ]);
});

Deno.test("LogOutput loses no line uncounted, whatever the sink does", async () => {
  const step = fc.constantFrom("write", "write", "write", "stop", "go on", "fail", "recover", "wait");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const sink = new TestSink();
      const output = makeOutput(sink);
      let written = 0;
      for (const step of steps) {
        if (step === "write") output.write(`${written++}\n`.padStart(LINE.length, " "));
        else if (step === "stop") sink.stop();
        else if (step === "go on") sink.goOn();
        else if (step === "fail") sink.failure = new Error("disk full");
        else if (step === "recover") sink.failure = undefined;
        else await new Promise((resolve) => setTimeout(resolve));
      }
      sink.goOn();
      sink.failure = undefined;
      await output.flush(PATIENCE);
      output.write(`${written++}\n`);
      await output.flush(PATIENCE);
      // Numbers rise, and a notice stands for as many as are missing.
      let next = 0;
      for (const line of sink.text.trimEnd().split("\n")) {
        const dropped = /^dropped (\d+)$/.exec(line)?.[1];
        if (dropped !== undefined) next += Number(dropped);
        else assertEquals(Number(line), next++);
      }
      assert(next === written, `${next} of ${written} lines are accounted for`);
    }),
    { seed: Date.now(), numRuns: 300 },
  );
});

Deno.test("LogOutput.write() takes a line longer than what may wait when nothing waits", async () => {
  const sink = new TestSink();
  const output = makeOutput(sink);
  const long = `${"x".repeat(1_000_000)}\n`;
  output.write(long);
  output.write(long);
  await output.flush(1000);
  output.write(long);
  await output.flush(1000);
  assertEquals(sink.text, `${long}dropped 1\n${long}`);
});
