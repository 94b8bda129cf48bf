import { assert, assertEquals } from "@std/assert";
import { IS_NIGHTLY } from "../_nightly.ts";
import { Container } from "../tools/_container.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, startRelay } from "./_relay.ts";

const obstacle = IS_NIGHTLY ? await Container.findObstacle() : "it takes minutes, see deno task test:nightly";

const STREAMS = 3;

/** How soon new clients must find room; there is one attempt each second: s. */
const MAX_SECONDS = 180;

/** The relay's network, with the settings of docs/scaling.md. */
const IN_NETWORK = [
  "unshare",
  "--net",
  "sh",
  "-ec",
  `ip link set lo up
sysctl -qw net.ipv4.tcp_keepalive_intvl=10 net.ipv4.tcp_keepalive_probes=6 net.ipv4.tcp_retries2=8
exec "$0" "$@"`,
];

/** A network with a link to that of the process `$0`, then the command line in it. */
const LINKED = `ip link add veth0 type veth peer name veth0 netns "$0"
ip addr add 10.99.0.2/24 dev veth0
ip link set veth0 up
nsenter --net --target "$0" sh -ec 'ip addr add 10.99.0.1/24 dev veth0; ip link set veth0 up'
exec "$@"`;

/** Asks for streams until enough are open, once a second if there is no room; prints the status of each attempt; holds them. */
const OPEN_STREAMS = `
const [url, wanted, attempts] = [Deno.args[0], Number(Deno.args[1]), Number(Deno.args[2])];
const streams = [];
for (let i = 0; i < attempts && streams.length < wanted; i++) {
  const response = await fetch(url, { headers: { authorization: "sdk-e1" } });
  console.log(response.status);
  if (response.ok) streams.push(response);
  else await Promise.all([response.body.cancel(), new Promise((resolve) => setTimeout(resolve, 1000))]);
}
console.log("end");
setInterval(() => streams.length, 1000);`;

function archiveWith(version: number): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(`value ${version}`, version) } } });
}

/** Streams of one process. */
class Streams implements AsyncDisposable {
  /** How each attempt to open one was answered. */
  readonly statuses: string[] = [];
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /** Opens them by a command that runs another one in some network. */
  static async open([program, ...args]: [string, ...string[]], url: string): Promise<Streams> {
    const script = [Deno.execPath(), "eval", OPEN_STREAMS, url, `${STREAMS}`, `${MAX_SECONDS}`];
    const process = new Deno.Command(program, { args: [...args, ...script], stdout: "piped" }).spawn();
    const streams = new Streams(process);
    let said = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.endsWith("end\n")) break;
    }
    streams.statuses.push(...said.split("\n").slice(0, -2));
    return streams;
  }

  /** Takes their link down: nothing arrives any more, in neither direction, and no end is told. */
  async cut(): Promise<void> {
    const args = ["--net", "--target", `${this.#process.pid}`, "ip", "link", "set", "veth0", "down"];
    const { success } = await new Deno.Command("nsenter", { args }).output();
    assert(success);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

// What becomes of the streams, and how long after their end an update is sent to them: s.
const CASES: [what: string, updatedAfter?: number][] = [
  ["idle streams"], // found by keepalive
  ["streams with an update on its way", 0], // by retransmissions: keepalive rests meanwhile
  ["streams that get an update just before keepalive gives up", 65], // by both, one after the other
];

for (const [what, updatedAfter] of CASES) {
  Deno.test({
    name: `STREAM_PORT has room again ${MAX_SECONDS} s after the clients of ${what} have vanished${
      obstacle ? ` (ignored: ${obstacle})` : ""
    }`,
    ignore: obstacle !== undefined,
    async fn() {
      await using file = await DataFile.create(await archiveWith(1));
      const port = freePort();
      await using relay = await startRelay({
        env: {
          FILE_DATA_SOURCE: file.path,
          STREAM_PORT: `${port}`,
          MAX_STREAMS: `${STREAMS}`,
          HEARTBEAT_INTERVAL: "0", // would be an update of idle streams
        },
        wrapper: IN_NETWORK,
      });
      const inClients: [string, ...string[]] = ["unshare", "--net", "sh", "-ec", LINKED, `${relay.pid}`];
      await using vanishing = await Streams.open(inClients, `http://10.99.0.1:${port}/all`);
      assertEquals(vanishing.statuses, Array(STREAMS).fill("200"));
      await vanishing.cut();
      if (updatedAfter !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, 1000 * updatedAfter));
        await file.replace(await archiveWith(2));
        await relay.waitFor("Reloaded data");
      }
      const inRelay: [string, ...string[]] = ["nsenter", "--net", "--target", `${relay.pid}`];
      await using others = await Streams.open(inRelay, `http://127.0.0.1:${port}/all`);
      assertEquals(others.statuses[0], "503");
      assert(others.statuses.length <= MAX_SECONDS - (updatedAfter ?? 0));
      assertEquals(others.statuses.slice(-STREAMS), Array(STREAMS).fill("200"));
    },
  });
}
