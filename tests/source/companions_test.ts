import { assertEquals, assertStringIncludes } from "@std/assert";
import { type CompanionContent, type FileContent, IncompleteError } from "../../lib/source/mod.ts";
import { follow, type Followed, Inbox, POLL_ONLY, QUICK_CLOCK, replace } from "./_follow.ts";

/** A source under test, and the companion `FILE.sig` as each content had it. */
interface Signed extends Followed {
  sig: string;
  seen: Inbox<CompanionContent>;
}

/** Follows a file with one companion. */
async function followSigned(onContent?: (content: FileContent) => void): Promise<Signed> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/flags.tar.gz`;
  const sig = `${path}.sig`;
  await Deno.writeTextFile(path, "first");
  const seen = new Inbox<CompanionContent>();
  const followed = await follow({
    path,
    clock: QUICK_CLOCK,
    fs: POLL_ONLY,
    companions: [{ path: sig, maxBytes: 10 }],
    onContent(content) {
      seen.push(content.companions!.get(sig));
      onContent?.(content);
    },
  });
  return {
    ...followed,
    sig,
    seen,
    async [Symbol.asyncDispose]() {
      await followed.source.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function textOf(content: CompanionContent): string | undefined {
  return content instanceof Error ? content.message : content && new TextDecoder().decode(content);
}

Deno.test("FileSource hands the file over again when a companion comes, changes, or goes", async () => {
  await using signed = await followSigned();
  const { sig, seen, contents } = signed;
  await replace(sig, "one");
  await seen.find((content) => textOf(content) === "one");
  await Deno.writeTextFile(sig, "two");
  await seen.find((content) => textOf(content) === "two");
  await Deno.remove(sig);
  await seen.find((content) => content === undefined);
  assertEquals(new Set(contents.items), new Set(["first"]));
});

// What can be in the place of a companion, and what is said of it.
const ODDITIES: [name: string, make: (path: string) => Promise<unknown>, message: string][] = [
  ["a directory", (path) => Deno.mkdir(path), "is a directory"],
  ["a larger file", (path) => Deno.writeTextFile(path, "x".repeat(11)), "larger than 10 bytes"],
  ["a device that never ends", (path) => Deno.symlink("/dev/zero", path), "not a regular file"],
  ["a named pipe", (path) => new Deno.Command("mkfifo", { args: [path] }).output(), "not a regular file"],
  ["a link to itself", (path) => Deno.symlink(path, path), "Too many levels of symbolic links"],
];

for (const [name, make, message] of ODDITIES) {
  Deno.test(`FileSource hands over why a companion cannot be read that is ${name}, and goes on`, async () => {
    await using signed = await followSigned();
    const { sig, seen } = signed;
    await make(sig);
    assertStringIncludes(textOf(await seen.find((content) => content instanceof Error))!, message);
    await Deno.remove(sig);
    await replace(sig, "good");
    await seen.find((content) => textOf(content) === "good");
  });
}

Deno.test("FileSource takes a set to be at rest 2 s after its last change, whatever times its files bring along", async () => {
  const rests: boolean[] = [];
  await using signed = await followSigned((content) => {
    rests.push(content.isAtRest);
    if (!content.isAtRest) throw new IncompleteError("It does not fit", "wait");
  });
  const { path, contents } = signed;
  await Deno.writeTextFile(`${path}.new`, "second");
  await Deno.utime(`${path}.new`, 1_000, 1_000);
  await Deno.rename(`${path}.new`, path);
  await contents.find((content) => content === "second");
  await contents.find((content) => content === "second", contents.items.length);
  assertEquals(rests, [false, true]);
});
