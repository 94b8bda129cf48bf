import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { buildSnapshot } from "../../../lib/snapshot/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import { makeEnvironment, makeStore } from "../../_environments.ts";
import { runs } from "../../_nightly.ts";
import { TestExplorer } from "./_test_explorer.ts";
import { checkSchema } from "./_schema.ts";

const CONTEXT = { kind: "user", key: "ann-of-kent" };

/** Names that a page, a path or a log could take for something else. */
const NAMES = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "\u202eevil\u202c",
  "a/b",
  "a%2fb",
  "..a",
  "%00",
  "\0",
  "\r\nset-cookie: a=b",
  "?x=1#y",
  "__proto__",
  "constructor",
  "toString",
  "ü",
  "🎉",
  "x".repeat(10_000),
  "{env}",
  ";",
  " ",
];

/** A store whose environments, flags and segments have hostile names. */
async function makeHostileStore(): Promise<Store> {
  const store = new Store();
  const items = Object.fromEntries(
    NAMES.filter((name) => name !== "__proto__").map((
      name,
    ) => [name, { on: true, variations: [name], fallthrough: { variation: 0 } }]),
  );
  const environment = makeEnvironment("e1", {
    env: { envName: NAMES[0], projName: NAMES[1] },
    flags: items,
    segments: { [NAMES[0]!]: {} },
  });
  store.replace([
    { id: "e1", snapshot: await Promise.resolve(buildSnapshot(environment)) },
    ...NAMES.map((id) => ({ id, fault: `malformed: ${id}` })),
  ]);
  return store;
}

Deno.test("hostile names of flags are found, evaluated and sent as JSON", async () => {
  const explorer = new TestExplorer({ store: await makeHostileStore() });
  const { items } = await explorer.get("flags/e1") as { items: { key: string; kind: string }[] };
  assertEquals(
    items.filter(({ kind }) => kind === "flag").map(({ key }) => key),
    NAMES.filter((name) => name !== "__proto__").sort(),
  );
  for (const { key } of items) {
    const response = await explorer.fetch(`/explorer/api/flags/e1/${encodeURIComponent(key)}`);
    assertEquals([key, response.status], [key, 200]);
    assertEquals(response.headers.get("content-type"), "application/json");
    const answer = await response.json();
    checkSchema("items", answer);
    assertEquals(answer.items[0].key, key);
    const { flags } = await explorer.post("evaluate/e1", { context: CONTEXT, flags: [key], why: true }) as {
      flags: { key: string; value: unknown }[];
    };
    assertEquals(flags.map(({ key, value }) => [key, value]), [[key, key]]);
  }
  checkSchema("environments", {
    ...await explorer.get("environments") as object,
    status: { status: "", version: "", dataFile: {}, trust: {} },
  });
});

Deno.test("names of nothing are refused by name, in JSON, and never in a header", async () => {
  const explorer = new TestExplorer({ store: await makeStore({ e1: { flags: { f: {} } } }) });
  for (const name of NAMES) {
    const encoded = encodeURIComponent(name);
    for (
      const path of [
        `flags/${encoded}`,
        `flags/e1/${encoded}`,
        encoded,
      ]
    ) {
      const response = await explorer.fetch(`/explorer/api/${path}`);
      assertEquals([path.slice(0, 80), response.status], [path.slice(0, 80), 404]);
      assertEquals(response.headers.get("content-type"), "application/json");
      checkSchema("error", await response.json());
      assertEquals([...response.headers.keys()].includes("set-cookie"), false);
    }
  }
  for (
    const path of ["flags/", "flags/e1/", "flags//f", "flags/%ff", "flags/e1/%", "sdk/", "", "%ff"]
  ) {
    const response = await explorer.fetch(`/explorer/api/${path}`);
    assertEquals([path, [404, 301].includes(response.status)], [path, true]);
    await response.body?.cancel();
  }
});

/** Bodies that are refused, and the status. */
const BODIES: [body: string, status: number, error: string][] = [
  ["", 400, "the body is not JSON in UTF-8"],
  ["{", 400, "the body is not JSON in UTF-8"],
  ["{}}", 400, "the body is not JSON in UTF-8"],
  ['"', 400, "the body is not JSON in UTF-8"],
  ["null", 400, "the body is not an object"],
  ["[]", 400, "the body is not an object"],
  ["1", 400, "the body is not an object"],
  ['{"contxt":{}}', 400, 'the body has no field "contxt"'],
  ['{"__proto__":{}}', 400, 'the body has no field "__proto__"'],
  ["{}", 400, 'the context cannot be used: "context" must be an object'],
  ['{"context":null}', 400, 'the context cannot be used: "context" must be an object'],
  ['{"context":[]}', 400, 'the context cannot be used: "context" must be an object'],
  ['{"context":{}}', 400, 'the context cannot be used: "key" must be a string'],
  ['{"context":{"key":""}}', 400, 'the context cannot be used: "key" must not be empty'],
  [
    '{"context":{"kind":"user"}}',
    400,
    'the context cannot be used: "key" must be a string that is not empty',
  ],
  ['{"context":"%"}', 400, "the context cannot be used: it is not base64 of JSON"],
  ['{"context":"bm9uZQ"}', 400, "the context cannot be used: it is not base64 of JSON"],
  [
    `{"context":"${btoa('{"key":"a","custom":{"n":1e400}}')}"}`,
    400,
    "a number of the body is too large",
  ],
  [
    `{"context":"${btoa(`{"kind":"user","key":"a","d":${"[".repeat(70)}${"]".repeat(70)}}`)}"}`,
    400,
    "the context cannot be used: A context must be nested at most 64 deep",
  ],
  ['{"context":{"key":"a"},"flags":"f"}', 400, '"flags" is not a list of keys'],
  ['{"context":{"key":"a"},"flags":[]}', 400, '"flags" is not a list of keys'],
  ['{"context":{"key":"a"},"flags":[1]}', 400, '"flags" is not a list of keys'],
  ['{"context":{"key":"a"},"flags":["g"]}', 404, 'there is no flag "g"'],
  ['{"context":{"key":"a"},"flags":["gone"]}', 404, 'there is no flag "gone"'],
  ['{"context":{"key":"a"},"want":1}', 400, '"want" is for one flag'],
  [
    `{"context":{"key":"a"},"want":1,"flags":[${'"f",'.repeat(20)}"f"]}`,
    400,
    '"want" is for one flag',
  ],
  ['{"context":{"key":"a"},"why":1}', 400, '"why" is not true or false'],
  ['{"context":{"key":"a","custom":{"n":1e400}}}', 400, "a number of the body is too large"],
  [`{"context":${"[".repeat(81)}${"]".repeat(81)}}`, 400, "the body is nested more than 80 deep"],
  [`[${"0,".repeat(490_000)}0]`, 400, "the body has more than 20100 values"],
  [`{"context":{"key":"a",${'"b":0,'.repeat(160_000)}"c":0}}`, 400, "the body has more than 20100 values"],
  ["[".repeat(500_000), 400, "the body is nested more than 80 deep"],
  [`{"a":${'{"a":'.repeat(150_000)}`, 400, "the body is nested more than 80 deep"],
  [`"${'\\"'.repeat(400_000)}`, 400, "the body is not JSON in UTF-8"],
  [
    `{"context":{"kind":"user","key":"a","list":[${"0,".repeat(10_000)}0]}}`,
    400,
    "the context cannot be used: A context must hold at most 10000 values",
  ],
  [
    `{"context":{"kind":"user","key":"a","d":${"[".repeat(70)}${"]".repeat(70)}}}`,
    400,
    "the context cannot be used: A context must be nested at most 64 deep",
  ],
  [" ".repeat(1_000_001), 413, "a body has 1000000 bytes at most"],
];

Deno.test("hostile bodies of POST evaluate are refused with what is wrong", async () => {
  const store = await makeStore({ e1: { flags: { f: {}, gone: { deleted: true } } } });
  const explorer = new TestExplorer({ store });
  for (const [body, status, error] of BODIES) {
    const response = await explorer.postText("evaluate/e1", body);
    const answer = await response.json();
    assertEquals([body.slice(0, 80), response.status, answer.error], [body.slice(0, 80), status, error]);
    checkSchema("error", answer);
  }
  const utf16 = new Uint8Array([0xff, 0xfe, 0x7b, 0x00]);
  assertEquals((await explorer.postText("evaluate/e1", utf16)).status, 400);
  const good = JSON.stringify({ context: CONTEXT });
  for (
    const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonp",
    ]
  ) {
    assertEquals([type, (await explorer.postText("evaluate/e1", good, type)).status], [type, 415]);
  }
  assertEquals((await explorer.postText("evaluate/e1", good, "Application/JSON; charset=utf-8")).status, 200);
  assertEquals(explorer.log.lines.filter((line) => line.startsWith("error")), []);
});

Deno.test("hostile bodies of POST diff, of segments and of SDK routes are refused with what is wrong", async () => {
  const explorer = new TestExplorer({
    store: await makeStore({ e1: { flags: { f: {} } }, keyless: { env: { mobKey: "" } } }),
  });
  const side = { env: "e1" };
  const rows: [path: string, body: unknown, status: number, error: string][] = [
    ["diff", {}, 400, '"from" is not an object'],
    ["diff", { from: side }, 400, '"to" is not an object'],
    ["diff", { from: side, to: {} }, 400, '"to" has no "env"'],
    ["diff", { from: side, to: { env: 1 } }, 400, '"to" has no "env"'],
    ["diff", { from: side, to: { env: "e1", x: 1 } }, 400, '"to" has no field "x"'],
    [
      "diff",
      { from: { env: "e1", data: "older" }, to: side },
      400,
      '"data" of "from" is neither "current" nor "previous"',
    ],
    [
      "diff",
      { from: { env: "e1", data: "previous" }, to: side },
      404,
      "what was served before the last reload is not kept",
    ],
    ["diff", { from: { env: "x" }, to: { env: "x" } }, 404, 'there is no environment "x" in what is served'],
    [
      "diff",
      { from: { env: "x", context: CONTEXT }, to: { env: "e1", context: CONTEXT } },
      404,
      'there is no environment "x" in what is served',
    ],
    [
      "diff",
      { from: { env: "e1", context: CONTEXT }, to: side },
      400,
      "one side has a context, the other has none",
    ],
    [
      "diff",
      { from: { env: "e1", context: null }, to: { env: "e1", context: null } },
      400,
      'the context cannot be used: "context" must be an object',
    ],
    [
      "diff",
      { from: { env: "e1", context: CONTEXT }, to: { env: "e1", context: CONTEXT }, contexts: [] },
      400,
      '"contexts" are for sides without a context',
    ],
    [
      "diff",
      { from: side, to: side, contexts: {} },
      400,
      '"contexts" is not a list of 1000 contexts at most',
    ],
    [
      "diff",
      { from: side, to: side, contexts: Array(1_001).fill(CONTEXT) },
      400,
      '"contexts" is not a list of 1000 contexts at most',
    ],
    [
      "diff",
      { from: side, to: side, contexts: [CONTEXT, { kind: "user" }] },
      400,
      'the context cannot be used: "key" must be a string that is not empty',
    ],
    ["segments/e1/s", {}, 400, 'the context cannot be used: "context" must be an object'],
    ["segments/e1/s", { context: CONTEXT, why: true }, 400, 'the body has no field "why"'],
    ["segments/e1/f", { context: CONTEXT }, 404, 'there is no segment "f"'],
    ["segments/x/s", { context: CONTEXT }, 404, 'there is no environment "x" in what is served'],
    ["sdk/e1", {}, 400, '"route" is none'],
    ["sdk/e1", { route: "constructor" }, 400, '"route" is none'],
    ["sdk/e1", { route: "all", stream: "yes" }, 400, '"stream" is not true or false'],
    ["sdk/e1", { route: "browser" }, 400, 'the context cannot be used: "context" must be an object'],
    [
      "sdk/e1",
      { route: "browser", context: 1 },
      400,
      'the context cannot be used: "context" must be an object',
    ],
    ["sdk/keyless", { route: "mobile", context: CONTEXT }, 404, "the environment has no mobile key"],
  ];
  for (const [path, body, status, error] of rows) {
    const { hint: _, ...answer } = await explorer.post(path, body) as Record<string, unknown>;
    assertEquals([body, answer], [body, { status, error }]);
  }
});

Deno.test("no body brings the explorer down, or its content into the log", async () => {
  const explorer = new TestExplorer({
    store: await makeStore({
      e1: { flags: { f: { on: true, variations: [1], fallthrough: { variation: 0 } } } },
    }),
  });
  const marked = fc.json().map((json) => json.replaceAll('"', '"zq'));
  const fields = fc.record({
    context: fc.oneof(fc.jsonValue(), fc.constant(CONTEXT)),
    flags: fc.oneof(fc.jsonValue(), fc.constant(["f"])),
    why: fc.oneof(fc.jsonValue(), fc.boolean()),
    want: fc.jsonValue(),
    from: fc.oneof(fc.jsonValue(), fc.record({ env: fc.constantFrom("e1", "x"), context: fc.jsonValue() })),
    to: fc.oneof(fc.jsonValue(), fc.record({ env: fc.constantFrom("e1", "x"), context: fc.jsonValue() })),
    contexts: fc.oneof(fc.jsonValue(), fc.array(fc.constant(CONTEXT))),
    words: fc.oneof(fc.jsonValue(), fc.boolean()),
    route: fc.oneof(fc.jsonValue(), fc.constantFrom("all", "browser")),
    stream: fc.oneof(fc.jsonValue(), fc.boolean()),
  }, { requiredKeys: [] }).map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(marked, fields),
      fc.constantFrom("evaluate/e1", "diff", "sdk/e1"),
      async (body, path) => {
        const response = await explorer.postText(path, body);
        assert([200, 400, 404].includes(response.status), `${response.status}`);
        const answer = await response.text();
        if (!response.ok) checkSchema("error", JSON.parse(answer));
      },
    ),
    { numRuns: runs(500) },
  );
  assertEquals(explorer.log.lines.filter((line) => !line.startsWith("debug") || line.includes("zq")), []);
});

Deno.test("before the first archive, and of an environment without data, the answer is 503", async () => {
  const paths = ["flags/e1", "flags/e1/f"];
  const store = new Store();
  const explorer = new TestExplorer({ store });
  for (const path of paths) {
    const { status, error } = await explorer.get(path) as { status: number; error: string };
    assertEquals([path, status, error], [path, 503, "Halyard has not loaded its archive yet"]);
  }
  assertEquals((await explorer.post("evaluate/e1", { context: CONTEXT }) as { status: number }).status, 503);
  assertEquals(
    (await explorer.post("diff", { from: { env: "e1" }, to: { env: "e1" } }) as { status: number }).status,
    503,
  );
  const nothing = { status: {}, hasPrevious: false, removed: [], environments: [] };
  assertEquals(await explorer.get("environments"), nothing);
  store.replace([{ id: "e1", fault: "it is malformed" }]);
  for (const path of paths) {
    const { status, error } = await explorer.get(path) as { status: number; error: string };
    assertEquals([path, status, error], [path, 503, "the environment has no data: it is malformed"]);
  }
});
