import { assertEquals } from "@std/assert";
import { nearest } from "../../lib/config/nearest.ts";

const NAMES = ["port", "logLevel", "heartbeatInterval", "tlsCert", "tlsKey"];

Deno.test("nearest() finds the name that takes the fewest edits, whatever the case", () => {
  const words = {
    prot: "port",
    PORT: "port",
    loglevels: "logLevel",
    heartbeat: "heartbeatInterval",
    tls: "tlsKey",
  };
  for (const [word, name] of Object.entries(words)) assertEquals(nearest(word, NAMES), name, word);
});

Deno.test("nearest() finds the only name that begins with the word, however long it is", () => {
  assertEquals(nearest("HEART", NAMES), "heartbeatInterval");
  assertEquals(nearest("h", NAMES), undefined);
  assertEquals(nearest("plant", ["plantations/a", "plantations/b"]), undefined);
});

Deno.test("nearest() finds nothing when more than half of the name would be new", () => {
  for (const word of ["", "x", "bindAddress", "é".repeat(10)]) {
    assertEquals(nearest(word, NAMES), undefined, word);
  }
  assertEquals(nearest("port", []), undefined);
});
