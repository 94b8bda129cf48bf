import { assertEquals, assertRejects } from "@std/assert";
import { KeepingPublisher, type LoadedEnvironment, StorePublisher } from "../../lib/load/mod.ts";
import { SnapshotBuilder } from "../../lib/snapshot/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeEnvironment } from "../_environments.ts";

/** An environment whose one flag has a version. */
function load(version: number): LoadedEnvironment[] {
  const { metadata, data } = makeEnvironment("e1", { flags: { f: { version } } });
  const builder = new SnapshotBuilder(1000);
  for (const [key, item] of data.flags) builder.add({ kind: "flags", key, ...item });
  return [{ id: "e1", prepared: builder.finish(metadata), source: "", warnings: [] }];
}

Deno.test("KeepingPublisher keeps what was served before the last change, until it is released", async () => {
  const store = new Store();
  const publisher = new KeepingPublisher(new StorePublisher(store));
  function versions(): (number | undefined)[] {
    return [publisher.previous?.get("e1"), store.get("e1")].map((one) =>
      one?.snapshot?.find("flags", "f")?.version
    );
  }
  await publisher.publish(load(1));
  assertEquals([publisher.previous, versions()], [undefined, [undefined, 1]]);
  await publisher.publish(load(2));
  assertEquals(versions(), [1, 2]);
  const unchanged = { id: "e1", unchanged: store.get("e1")!.metadata!, source: "" };
  assertEquals(await publisher.publish([unchanged]), []);
  assertEquals(versions(), [1, 2]);
  await publisher.publish(load(3));
  assertEquals(versions(), [2, 3]);
  publisher.release();
  assertEquals(versions(), [undefined, 3]);
  await publisher.publish([]);
  assertEquals(versions(), [3, undefined]);
});

Deno.test("KeepingPublisher keeps nothing for which there is no room", async () => {
  let hasRoom = true;
  const kept: (number | undefined)[] = [];
  const publisher = new KeepingPublisher(new StorePublisher(new Store()), {
    hasRoom() {
      kept.push(publisher.previous?.get("e1")?.snapshot?.find("flags", "f")?.version);
      return hasRoom;
    },
  });
  await publisher.publish(load(1));
  await publisher.publish(load(2));
  assertEquals(publisher.previous?.size, 1);
  hasRoom = false;
  await publisher.publish(load(3));
  // When it is asked, what was kept until then is no longer.
  assertEquals([publisher.previous, kept], [undefined, [1, 2]]);
  hasRoom = true;
  await publisher.publish(load(4));
  assertEquals(publisher.previous?.size, 1);
});

Deno.test("KeepingPublisher keeps what it had where publishing fails", async () => {
  const store = new Store();
  const inner = new StorePublisher(store);
  const publisher = new KeepingPublisher(inner);
  await publisher.publish(load(1));
  await publisher.publish(load(2));
  inner.publish = () => Promise.reject(new Error("out of memory"));
  await assertRejects(() => publisher.publish(load(3)), Error, "out of memory");
  assertEquals(publisher.previous?.get("e1")?.snapshot?.find("flags", "f")?.version, 1);
});
