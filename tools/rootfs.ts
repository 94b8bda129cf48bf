/**
 * The task `rootfs`: writes `dist/rootfs.tar`, the whole file system of a container, without Docker. In it are the
 * executable and the shared libraries that it needs, as they are on this machine. No shell, nothing else that runs.
 *
 * @module
 */
import { TarStream, type TarStreamInput } from "@std/tar";
import { TERMINAL } from "../lib/cli/terminal.ts";

const EXECUTABLE = "dist/halyard";
const ROOTFS = "dist/rootfs.tar";

/** Entry at a path; a copy is one of a file of this machine. */
type Content = { copyOf: string } | { text: string } | { link: string } | "folder";

const CONTENTS: Record<string, Content> = {
  // Container runtimes mount something here.
  dev: "folder",
  proc: "folder",
  sys: "folder",
  // For the configuration file and the archive.
  ldr: "folder",
  // libc looks up here who 65532 is and where `localhost` is.
  "etc/group": { text: "root:x:0:\nnonroot:x:65532:\n" },
  "etc/hosts": { text: "127.0.0.1 localhost\n::1 localhost\n" },
  "etc/passwd": { text: "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n" },
  // The Relay Proxy's path, for those whose deployment names it.
  "usr/bin/ldr": { link: "halyard" },
};

/**
 * Makes the file system.
 *
 * @param executable Path of an executable for this machine.
 * @returns A tar. The same files result in the same bytes.
 * @throws {Error} When it is not known what the executable needs.
 */
export async function makeRootfs(executable: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const contents: Record<string, Content> = { ...CONTENTS, "usr/bin/halyard": { copyOf: executable } };
  for (const library of await listLibraries(executable)) contents[library.slice(1)] = { copyOf: library };
  for (const path of Object.keys(contents)) {
    for (const folder of listFolders(path)) contents[folder] = "folder";
  }
  async function* entries(): AsyncGenerator<TarStreamInput> {
    for (const path of Object.keys(contents).sort()) yield await makeEntry(path, contents[path]!);
  }
  return ReadableStream.from(entries()).pipeThrough(new TarStream());
}

/** Lists the files that the dynamic linker loads for an executable, itself included: absolute paths. */
async function listLibraries(executable: string): Promise<string[]> {
  const output = await new Deno.Command("ldd", {
    args: [executable],
    clearEnv: true,
    env: { LC_ALL: "C" },
    stdin: "null",
  }).output();
  const [lines, errors] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trim()
  );
  const failure = output.success ? /\S+ => not found/.exec(lines!)?.[0] : errors || lines;
  if (failure !== undefined) {
    throw new Error(`Cannot find the shared libraries of "${executable}": ${failure}`);
  }
  return [...lines!.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

/** The folders that a path lies in. */
function listFolders(path: string): string[] {
  const names = path.split("/");
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("/"));
}

async function makeEntry(path: string, content: Content): Promise<TarStreamInput> {
  const executable = { mode: 0o755, mtime: 0 };
  if (content === "folder") return { type: "directory", path, options: executable };
  if ("link" in content) return { type: "symlink", path, linkname: content.link, options: executable };
  if ("text" in content) {
    const blob = new Blob([content.text]);
    return {
      type: "file",
      path,
      size: blob.size,
      readable: blob.stream(),
      options: { mode: 0o644, mtime: 0 },
    };
  }
  const file = await Deno.open(content.copyOf);
  const { size } = await file.stat();
  return { type: "file", path, size, readable: file.readable, options: executable };
}

/**
 * Lists the instructions of the `Dockerfile` that come after the file system.
 *
 * @returns Each on a line, as `docker import --change` expects them.
 */
export async function readInstructions(): Promise<string[]> {
  const lines = (await Deno.readTextFile(new URL("../Dockerfile", import.meta.url))).trim().split("\n");
  return lines.slice(lines.findIndex((line) => line.startsWith("ADD ")) + 1);
}

if (import.meta.main) {
  try {
    await Deno.writeFile(ROOTFS, await makeRootfs(EXECUTABLE));
    const changes = (await readInstructions()).map((instruction) => `  --change '${instruction}' \\\n`);
    TERMINAL.print(`${ROOTFS} is written. Make an image of it with

docker build --tag halyard .

or, where there is nothing to build with,

docker import \\
${changes.join("")}  ${ROOTFS} halyard
`);
  } catch (error) {
    TERMINAL.printError(`Error: ${error instanceof Error ? error.message : error}\n`);
    TERMINAL.printError("hint: make the executable on this machine first: deno task compile\n");
    Deno.exit(1);
  }
}
