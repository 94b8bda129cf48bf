import { assertEquals } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { startRelay } from "./_relay.ts";

const NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"];

/** Whether this host lets us have processes of our own, the first of which has the ID 1, as in a container. */
const hasNamespaces = Deno.build.os === "linux" &&
  await new Deno.Command("unshare", { args: [...NAMESPACE.slice(1), "true"] })
    .output().then(({ success }) => success, () => false);

const ARCHIVE = await packArchive({ e1: { flags: { f: constantFlag("one") } } });

// The kernel drops signals to such a process for which it has no handler: nothing ends it by default.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test({
    name: `main.ts as process 1 reads its archive on SIGHUP and ends on ${signal}`,
    ignore: !hasNamespaces,
    async fn() {
      await using file = await DataFile.create(ARCHIVE);
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path }, wrapper: NAMESPACE });
      const children = await Deno.readTextFile(`/proc/${relay.pid}/task/${relay.pid}/children`);
      const pid = Number(children);
      assertEquals((await Deno.readTextFile(`/proc/${pid}/status`)).match(/^NSpid:.*\t(\d+)$/m)?.[1], "1");
      Deno.kill(pid, "SIGHUP");
      await relay.waitFor("has the same content as before");
      Deno.kill(pid, signal);
      await relay.waitFor(`signal=${signal}`);
      assertEquals((await relay.ended).code, 0);
    },
  });
}
