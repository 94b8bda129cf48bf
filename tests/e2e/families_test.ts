import { assertEquals, assertStringIncludes } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { halyardCommand } from "./_relay.ts";

/** Whether this host lets us have a network of our own, with its own settings. */
const hasNetworks = Deno.build.os === "linux" &&
  await new Deno.Command("unshare", {
    args: ["-n", "sh", "-ec", "ip link set lo up; sysctl -w net.ipv6.bindv6only=1"],
  })
    .output().then(({ success }) => success, () => false);

/** Runs a script in a network of its own. */
function inNetwork(script: string): string[] {
  return ["unshare", "-n", "sh", "-c", `ip link set lo up; ${script}`];
}

const PORT = "8030";

/** What the hosts of these tests say of IPv6. */
const HOSTS: [what: string, command: string, ipv6: boolean][] = [
  ["keeps IPv6 sockets to IPv6", "sysctl -qw net.ipv6.bindv6only=1", true],
  ["lets IPv6 sockets take IPv4", "sysctl -qw net.ipv6.bindv6only=0", true],
  ["has no IPv6 addresses", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1", false],
  [
    "has none and would keep IPv6 sockets to IPv6",
    "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.bindv6only=1",
    false,
  ],
];

function fixture(name: string): string {
  return new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
}

/** How it serves, as environment variables. */
const SERVERS: [what: string, env: Record<string, string>][] = [
  ["HTTP", {}],
  ...["1.2", "1.3"].map((version): [string, Record<string, string>] => [`TLS ${version}`, {
    TLS_ENABLED: "1",
    TLS_MIN_VERSION: version,
    TLS_CERT: fixture("localhost.pem"),
    TLS_KEY: fixture("localhost.key"),
  }]),
];

/** Asks a host for its name; prints the answer's status, or 0. */
const ASK = `
for (const host of ["127.0.0.1", "[::1]"]) {
  const { request } = await import(Deno.args[0] === "http" ? "node:http" : "node:https");
  console.log(await new Promise((resolve) => {
    request(Deno.args[0] + "://" + host + ":${PORT}/", { rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on("error", () => resolve(0)).end();
  }));
}`;

for (const [host, command, ipv6] of HOSTS) {
  for (const [server, env] of SERVERS) {
    Deno.test({
      name: `main.ts serves ${server} by every family of a host that ${host}, and ends well`,
      ignore: !hasNetworks,
      async fn() {
        await using file = await DataFile.create(
          await packArchive({ e1: { flags: { f: constantFlag(true) } } }),
        );
        const directory = await Deno.makeTempDir();
        await Deno.writeTextFile(`${directory}/ask.js`, ASK);
        const scheme = env["TLS_ENABLED"] ? "https" : "http";
        const log = `${directory}/log`;
        // The relay in the background; once it listens, who asks it; then the signal to stop.
        const script = `${command}
: >${log}
"$0" "$@" >${log} 2>&1 &
pid=$!
until grep -q Listening ${log}; do kill -0 $pid || exit 1; sleep 0.05; done
"${Deno.execPath()}" run --quiet --no-config --allow-all ${directory}/ask.js ${scheme}
"$0" "$@" health
kill $pid
wait $pid
echo "ended with $?"`;
        const all = { ...env, PORT, FILE_DATA_SOURCE: file.path };
        const { stdout, stderr } = await halyardCommand({ env: all, wrapper: inNetwork(script) }).output();
        const decoder = new TextDecoder();
        assertEquals(decoder.decode(stderr), "");
        assertEquals(
          decoder.decode(stdout),
          `200\n${ipv6 ? 200 : 0}\n{"status":"ready"}\nended with 0\n`,
        );
        await Deno.remove(directory, { recursive: true });
      },
    });
  }
}

Deno.test({
  name: "main.ts says that the port is taken where another program has it by IPv4 alone",
  ignore: !hasNetworks,
  async fn() {
    await using file = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(true) } } }));
    const script = `sysctl -qw net.ipv6.bindv6only=1
"${Deno.execPath()}" eval 'Deno.listen({ port: ${PORT}, hostname: "0.0.0.0" }); console.log("taken"); setTimeout(() => {}, 60_000);' &
other=$!
sleep 1
"$0" "$@"
echo "ended with $?"
kill $other`;
    const { stdout, stderr } = await halyardCommand({
      env: { PORT, FILE_DATA_SOURCE: file.path },
      wrapper: inNetwork(script),
    }).output();
    assertStringIncludes(new TextDecoder().decode(stdout), "ended with 1\n");
    assertStringIncludes(new TextDecoder().decode(stderr), `Cannot listen on port ${PORT} of "0.0.0.0": `);
    assertStringIncludes(new TextDecoder().decode(stderr), "\nhint: another program has this port");
  },
});
