// What a program taken over might try; prints how each attempt ends, and ends with the code it is given.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, createServer } from "node:net";
import { Worker } from "node:worker_threads";

/** The Unix socket that it may listen on. */
const SOCKET = Deno.args[1];

/** Nobody's address (RFC 5737). */
const ELSEWHERE = "192.0.2.1";

const THREAD = `
import { parentPort } from "node:worker_threads";
try { await fetch("http://${ELSEWHERE}/"); } catch (error) { parentPort.postMessage(error.name); }
`;

/** The two latter come from hosts that Deno allows imports from unless it is told otherwise. */
const MODULES = [`https://${ELSEWHERE}/`, "jsr:@std/fs@1", "npm:ini@7"];

async function listen(hostname) {
  await using server = Deno.serve({ hostname, port: 0, onListen() {} }, () => new Response());
  const url = new URL(`http://localhost:${server.addr.port}`);
  if (hostname.includes("1")) url.hostname = hostname.includes(":") ? `[${hostname}]` : hostname;
  await (await fetch(url)).body?.cancel();
}

async function listenUnix(path) {
  await using server = Deno.serve({ path, onListen() {} }, () => new Response());
  (await Deno.connect({ transport: "unix", path: server.addr.path })).close();
}

function fromEvents(emitter, success) {
  return new Promise((resolve, reject) => emitter.once(success, resolve).once("error", reject));
}

const ATTEMPTS = {
  "listen on ::": () => listen("::"),
  "listen on 0.0.0.0": () => listen("0.0.0.0"),
  "listen on ::1": () => listen("::1"),
  "listen on 127.0.0.1": () => listen("127.0.0.1"),
  "listen on localhost": () => listen("localhost"),
  "listen on 127.0.0.2": () => listen("127.0.0.2"),
  "listen on 127.0.0.3": () => listen("127.0.0.3"),
  "listen on the Unix socket": () => listenUnix(SOCKET),
  "listen on a Unix socket beside it": () => listenUnix(`${SOCKET}2`),
  "listen by node:net on a Unix socket beside it": () =>
    fromEvents(createServer().listen(`${SOCKET}2`), "listening"),
  "connect to another Unix socket": () => Deno.connect({ transport: "unix", path: Deno.args[2] }),
  "connect to another Unix socket by node:net": () => fromEvents(connect(Deno.args[2]), "connect"),
  "fetch by address": () => fetch(`http://${ELSEWHERE}/`),
  "fetch by name": () => fetch("http://relay.invalid/"),
  "connect by IPv6": () => Deno.connect({ hostname: "2001:db8::1", port: 443 }),
  "connect by IPv4 in IPv6": () => Deno.connect({ hostname: `::ffff:${ELSEWHERE}`, port: 443 }),
  "connect by node:net": () => fromEvents(connect(443, ELSEWHERE), "connect"),
  "send a datagram": () => {
    const socket = createSocket("udp4");
    const sent = new Promise((resolve, reject) =>
      socket.send("x", 53, ELSEWHERE, (error) => error ? reject(error) : resolve())
    );
    return sent.finally(() => socket.close());
  },
  "ask for an address": () => Deno.resolveDns("relay.invalid", "A", { nameServer: { ipAddr: ELSEWHERE } }),
  "ask for an address by node:dns": () => lookup("relay.invalid"),
  ...Object.fromEntries(MODULES.map((specifier) => [`import ${specifier}`, () => import(specifier)])),
  "fetch in a thread": async () => {
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`));
    const name = await fromEvents(thread, "message");
    await thread.terminate();
    throw Object.assign(new Error(), { name });
  },
  "write a file": () => Deno.writeTextFile("written", ""),
  "write beside the Unix socket": () => Deno.writeTextFile(`${SOCKET}2`, ""),
  "write beside the Unix socket by a path through it": () => Deno.writeTextFile(`${SOCKET}/../written`, ""),
  "write where the Unix socket's directory is": () =>
    Deno.mkdir(`${SOCKET.slice(0, SOCKET.lastIndexOf("/"))}/made`),
  "link from the Unix socket to another file": () => Deno.symlink(Deno.args[2], SOCKET),
  "link another file to the Unix socket's path": () => Deno.link(new URL(import.meta.url).pathname, SOCKET),
  "move what is at the Unix socket's path": () => Deno.rename(SOCKET, `${SOCKET}2`),
  "make a temporary file beside the Unix socket": () =>
    Deno.makeTempFile({ dir: SOCKET.slice(0, SOCKET.lastIndexOf("/")) }),
  "write to the script": () => Deno.writeTextFile(new URL(import.meta.url), ""),
  "keep something": () => localStorage.setItem("a", "b"),
  "run a program": () => new Deno.Command("/bin/true").output(),
  "run a program by node:child_process": () => fromEvents(spawn("/bin/true"), "exit"),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "ask for more": async () => {
    const { state } = await Deno.permissions.request({ name: "net" });
    if (state === "denied") throw Object.assign(new Error(), { name: "denied" });
  },
  "see a variable of Halyard's": () => assertEquals(Deno.env.get("PORT"), "8031"),
  "see another variable": () => assertEquals(Deno.env.get("SECRET"), undefined),
  "see all variables": () => assertEquals(JSON.stringify(Deno.env.toObject()), '{"PORT":"8031"}'),
};

function assertEquals(actual, expected) {
  if (actual !== expected) throw new Error(`${actual} is not ${expected}`);
}

const outcomes = {};
for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  try {
    await attempt();
    outcomes[name] = "possible";
  } catch (error) {
    outcomes[name] = `${error.name}: ${error.message}`;
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ args: Deno.args, outcomes })));
Deno.exit(Number(Deno.args[0]));
