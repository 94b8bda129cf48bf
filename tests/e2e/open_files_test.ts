import { assertMatch, assertStringIncludes } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, FROM_SOURCE, startRelay } from "./_relay.ts";

function archiveWith(flag: string): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { [flag]: constantFlag(1) } } });
}

/** Waits until a relay that cannot say so serves. */
async function waitUntilServing(url: string, client: Deno.HttpClient): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (true) {
    const response = await fetch(`${url}/health/ready`, { client }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const TLS_FILES = {
  TLS_ENABLED: "1",
  TLS_CERT: new URL("../fixtures/tls/localhost.pem", import.meta.url).pathname,
  TLS_KEY: new URL("../fixtures/tls/localhost.key", import.meta.url).pathname,
};
const CA = await Deno.readTextFile(new URL("../fixtures/tls/ca.pem", import.meta.url));

// Each transport: settings, what clients use, and what it says.
const TRANSPORTS: [
  name: string,
  env: Record<string, string>,
  listener: "port" | "stream port" | "socket",
  message: RegExp,
][] = [
  ["PORT", {}, "port", /; listening again soon error=".*Too many open files.*" hint="allow more open files/],
  ["PORT with TLS", TLS_FILES, "port", /; listening again soon error=".*Too many open files.*" hint=/],
  [
    "STREAM_PORT",
    {},
    "stream port",
    /: too many files are open; trying again every second hint="allow more open files/,
  ],
  [
    "PORT with TLS 1.3",
    { ...TLS_FILES, TLS_MIN_VERSION: "1.3" },
    "port",
    /: too many files are open; .* hint=/,
  ],
  [
    "UNIX_SOCKET",
    {},
    "socket",
    /: too many files are open; trying again every second hint="allow more open files/,
  ],
];

for (const [name, env, listener, message] of TRANSPORTS) {
  Deno.test(`main.ts accepts connections to ${name} again after it has run out of files`, async () => {
    await using file = await DataFile.create(await archiveWith("f"));
    const openFiles = 100;
    const streamPort = freePort();
    const path = file.path.replace("flags.tar.gz", "halyard.sock");
    await using relay = await startRelay({
      env: {
        FILE_DATA_SOURCE: file.path,
        ...env,
        ...listener === "stream port" && { STREAM_PORT: `${streamPort}` },
        ...listener === "socket" && { UNIX_SOCKET: path },
      },
      permissions: listener === "socket" ? FROM_SOURCE : undefined,
      wrapper: ["sh", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`],
    }, listener === "socket" ? "Listening on a Unix socket" : undefined);
    const port = listener === "stream port" ? streamPort : relay.port;
    const url = env["TLS_ENABLED"] ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    using client = Deno.createHttpClient({
      caCerts: [CA],
      poolMaxIdlePerHost: 0,
      ...listener === "socket" && { proxy: { transport: "unix", path } },
    });
    function connect(): Promise<Deno.Conn> {
      return listener === "socket"
        ? Deno.connect({ transport: "unix", path })
        : Deno.connect({ hostname: "127.0.0.1", port });
    }
    const stream = await fetch(`${url}/all`, { headers: { authorization: "sdk-e1" }, client });
    const reader = stream.body!.getReader();
    await reader.read();
    const connections = await Promise.allSettled(
      Array.from({ length: 2 * openFiles }, connect),
    );
    assertMatch(await relay.waitFor("Cannot accept connections"), message);
    for (const { value } of connections.filter((result) => result.status === "fulfilled")) value.close();
    await waitUntilServing(url, client);
    await file.replace(await archiveWith("g"));
    const { value } = await reader.read();
    assertStringIncludes(new TextDecoder().decode(value), '"g"');
    await reader.cancel();
  });
}
