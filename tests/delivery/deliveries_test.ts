import { assert, assertEquals } from "@std/assert";
import { Admission, Deliveries } from "../../lib/delivery/mod.ts";

Deno.test("Deliveries.send() counts a document until its client has taken it or is cut off", async () => {
  const admission = new Admission({ maxBytes: 100_000, maxWait: 5 });
  const deliveries = new Deliveries(admission, 40);
  const bytes = new Uint8Array(100_000).fill(1);
  const first = await deliveries.send(bytes);
  assertEquals(await deliveries.send(bytes), undefined, "there is no room beside the first");
  assertEquals((await new Response(first).bytes()).length, 100_000);
  const stalled = (await deliveries.send(bytes))!.getReader();
  assertEquals(await deliveries.send(bytes), undefined, "what nobody takes counts too");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const third = await deliveries.send(bytes);
  assert(third, "who took nothing for too long counts no more");
  await third.cancel();
  assertEquals((await stalled.read()).done, true);
  deliveries.close();
});
