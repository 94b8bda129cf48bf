import { assertEquals } from "@std/assert";
import { IS_NIGHTLY } from "../_nightly.ts";
import { Container } from "../tools/_container.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, type RelayProcess, startRelay } from "./_relay.ts";

const obstacle = IS_NIGHTLY ? await Container.findObstacle() : "it takes minutes, see deno task test:nightly";

const STREAMS = 3;

/** How soon new clients must find room: s. */
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

/** A network with a link to that of the process `$1`, then the rest of the command line in it. */
const LINKED = `relay=$1; shift
ip link add veth0 type veth peer name veth0 netns $relay
ip addr add 10.99.0.2/24 dev veth0
ip link set veth0 up
nsenter --net --target $relay sh -ec 'ip addr add 10.99.0.1/24 dev veth0; ip link set veth0 up'
exec "$@"`;

/** Opens streams to a URL until as many as wanted are open at a time, one attempt a second; prints the status of each. */
const OPEN_STREAMS = `
const [url, wanted, attempts, isHeld] = Deno.args;
const streams = [];
for (let i = 0; i < Number(attempts) && streams.length < Number(wanted); i++) {
  const response = await fetch(url, { headers: { authorization: "sdk-e1" } });
  console.log(response.status);
  if (response.ok) streams.push(response);
  else await response.body.cancel();
  if (!response.ok) await new Promise((resolve) => setTimeout(resolve, 1000));
}
if (!isHeld) Deno.exit();
console.log("all are open");
setInterval(() => streams.length, 1000);`;

function archiveWith(version: number): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(`value ${version}`, version) } } });
}

/** Clients in a network of their own, whose streams are open and whose link can be cut. */
class Clients implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  static async open(relay: RelayProcess, port: number): Promise<Clients> {
    const streams = [Deno.execPath(), "eval", OPEN_STREAMS, `http://10.99.0.1:${port}/all`, `${STREAMS}`];
    const args = ["--net", "sh", "-ec", LINKED, "sh", `${relay.pid}`, ...streams, `${STREAMS}`, "held"];
    const process = new Deno.Command("unshare", { args, stdout: "piped" }).spawn();
    const clients = new Clients(process);
    let said = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.includes("all are open")) break;
    }
    assertEquals(said, `${"200\n".repeat(STREAMS)}all are open\n`);
    return clients;
  }

  /** Takes the link down: nothing arrives any more, in neither direction, and nobody is told. */
  async cut(): Promise<void> {
    const args = ["--net", "--target", `${this.#process.pid}`, "ip", "link", "set", "veth0", "down"];
    const { success } = await new Deno.Command("nsenter", { args }).output();
    assertEquals(success, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

/** Asks for as many new streams as vanished, over the relay's loopback; the statuses, one for each second. */
async function replace(relay: RelayProcess, port: number): Promise<string[]> {
  const streams = [Deno.execPath(), "eval", OPEN_STREAMS, `http://127.0.0.1:${port}/all`, `${STREAMS}`];
  const args = ["--net", "--target", `${relay.pid}`, ...streams, `${MAX_SECONDS}`];
  const { stdout } = await new Deno.Command("nsenter", { args }).output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

for (
  const [streams, isUpdated] of [
    ["idle streams", false], // found by keepalive
    ["streams with an update on its way", true], // by retransmissions, while which there is no keepalive
  ] as const
) {
  Deno.test({
    name: `STREAM_PORT has room again ${MAX_SECONDS} s after the clients of ${streams} have vanished${
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
          HEARTBEAT_INTERVAL: "0", // a heartbeat is an update, too
        },
        wrapper: IN_NETWORK,
      });
      await using clients = await Clients.open(relay, port);
      await clients.cut();
      if (isUpdated) {
        await file.replace(await archiveWith(2));
        await relay.waitFor("Reloaded data");
      }
      const statuses = await replace(relay, port);
      assertEquals(statuses[0], "503");
      assertEquals(statuses.slice(-STREAMS), Array(STREAMS).fill("200"));
    },
  });
}
