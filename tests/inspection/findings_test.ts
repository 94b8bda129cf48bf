import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { writeArchive } from "../../lib/archive/mod.ts";
import { checkArchive, type Finding } from "../../lib/inspection/mod.ts";
import { buildDemo } from "../../tools/demo_archive.ts";
import { runs } from "../_nightly.ts";
import { entry, tar } from "../archive/_tar.ts";
import { check, clause, flagOf, ID, METADATA, NOW, SDK_KEY, segmentRule, tombstone } from "./_checked.ts";
import { FILE_FAULTS } from "./_planted_files.ts";
import { FLAG_FAULTS } from "./_planted_flags.ts";
import { RULE_FAULTS } from "./_planted_rules.ts";
import { covers, readRows } from "./_rows.ts";

/** The page that lists all findings. */
const PAGE = readRows(await Deno.readTextFile(new URL("../../docs/check.md", import.meta.url)));

/** Formats what a finding says, for comparison. */
function format({ severity, path, message }: Finding): string {
  return `${severity} ${path}: ${message}`;
}

/** Messages of findings that are no environment's own, or need more than a plain archive. */
const OTHERS = [
  "The archive contains no environments: every client is refused",
  '"e1-data.json" is without "e1.json": nobody gets what is in it',
  'Cannot read archive: SDK key …5555 belongs to both environment "e1" ("E1") and "e2" ("E2")',
  "At least 501 more findings, none more severe than this one",
  "Line 1, column 46: the text is not UTF-8",
];

/** Every planted fault. */
const PLANTED = [...FILE_FAULTS, ...FLAG_FAULTS, ...RULE_FAULTS];

for (const [fault, environment, expected] of PLANTED) {
  Deno.test(`checkArchive() finds ${fault}, and nothing else`, async () => {
    const findings = (await check(environment)).filter(({ severity }) =>
      severity !== "info" || expected.startsWith("info")
    );
    assertEquals(findings.map(format), [expected]);
    const [{ path, excerpt, environment: id, entry, message, hint }] = findings as [Finding];
    assertEquals(id, ID);
    const advice = PAGE.flatMap((row) =>
      row.messages.some((text) => covers(text, message.replace(/; likewise .*/, ""))) ? [row.advice] : []
    );
    assert(advice.some((text) => text.includes(hint!)), `docs/check.md has no row for: ${message} | ${hint}`);
    if (path === null) return;
    assert(excerpt && entry);
    const { text, caret, length } = excerpt;
    assert(text.length <= 70 && caret + length <= text.length && length > 0, JSON.stringify(excerpt));
  });
}

Deno.test("docs/check.md has a row for each finding, and no other rows", () => {
  const messages = [
    ...PLANTED.map(([, , finding]) => finding.replace(/^\w+ .*?: (?=[^:])|; likewise .*/g, "")),
    ...OTHERS,
  ];
  const stale = PAGE.flatMap((row) => row.messages).filter((row) =>
    !messages.some((message) => covers(`…${row}`, message))
  );
  assertEquals(stale, []);
});

const CONTAINERS: [fault: string, bytes: Uint8Array, message: string, entry?: string][] = [
  ["an empty file", new Uint8Array(), 'Cannot read archive "x.tar.gz": it is empty'],
  [
    "a page of HTML",
    new TextEncoder().encode("<html></html>"),
    'Cannot read archive "x.tar.gz": it is neither gzip nor tar: it begins with "<htm", an HTML page',
  ],
  [
    "a checksum that is missing",
    tar(entry({ name: "e1.json", content: "{}" }), entry({ name: "e1-data.json", content: "{}" })),
    'Cannot read archive "x.tar.gz": "checksum.md5" is missing',
    "checksum.md5",
  ],
  [
    "a checksum that does not match",
    tar(
      entry({ name: "e1.json", content: "{}" }),
      entry({ name: "e1-data.json", content: "{}" }),
      entry({ name: "checksum.md5", content: "0123456789abcdef" }),
    ),
    'Cannot read archive "x.tar.gz": checksum does not match',
    "checksum.md5",
  ],
  [
    "a data file that is missing",
    tar(
      entry({ name: "e1.json", content: "{}" }),
      entry({ name: "checksum.md5", content: "0123456789abcdef" }),
    ),
    'Cannot read archive "x.tar.gz": "e1.json" is without "e1-data.json"',
    "e1-data.json",
  ],
];

for (const [fault, bytes, message, name] of CONTAINERS) {
  Deno.test(`checkArchive() finds ${fault}, and nothing else`, async () => {
    const [finding, ...others] = await checkArchive(bytes, { path: "x.tar.gz", now: NOW });
    assertEquals(others, []);
    const { hint, ...rest } = finding!;
    assert(hint);
    const entry = name === undefined ? {} : { entry: name };
    assertEquals(rest, { severity: "error", environment: null, key: null, path: null, message, ...entry });
  });
}

Deno.test("checkArchive() finds an archive over the limit", async () => {
  const bytes = await writeArchive([{ id: ID, metadata: JSON.stringify(METADATA), data: "{}" }]);
  const [finding] = await checkArchive(bytes, { maxCompressedBytes: 100, now: NOW });
  assertEquals(finding?.message, `Cannot read archive: it has ${bytes.length} bytes, more than 100`);
});

Deno.test("checkArchive() finds an archive without environments, and data without metadata", async () => {
  assertEquals((await checkArchive(await writeArchive([]), { now: NOW })).map(format), [
    `warning null: ${OTHERS[0]}`,
  ]);
  const md5 = createHash("md5").digest();
  const stray = tar(
    entry({ name: "e1-data.json", content: "{}" }),
    entry({ name: "checksum.md5", content: md5 }),
  );
  assertEquals((await checkArchive(stray, { now: NOW })).map(format), [
    `warning null: ${OTHERS[0]}`,
    `warning null: ${OTHERS[1]}`,
  ]);
});

Deno.test("checkArchive() finds each key that several environments share, once for each but the first", async () => {
  const archive = await writeArchive(["e1", "e2", "e3"].map((id) => ({
    id,
    metadata: JSON.stringify({
      env: {
        envID: id,
        envName: id.toUpperCase(),
        sdkKey: { value: SDK_KEY },
        mobKey: `mob-${id}-0123456789`,
      },
    }),
    data: "{}",
  })));
  const findings = await checkArchive(archive, { now: NOW });
  assertEquals(findings.map((finding) => [finding.environment, format(finding)]), [
    ["e2", `error env.sdkKey.value: ${OTHERS[2]}`],
    ["e3", `error env.sdkKey.value: ${OTHERS[2]!.replace('"e2" ("E2")', '"e3" ("E3")')}`],
  ]);
  assertEquals(findings[0]?.entry, "e2.json");
});

Deno.test("checkArchive() finds all faults at once, in order", async () => {
  const data = {
    segments: { a: { key: "a", version: "1", included: [1, "x", null] } },
    flags: {
      z: {
        key: "z",
        version: 1,
        variations: {},
        rules: Array.from(
          { length: 11 },
          (_, i) => i < 9 ? {} : i < 10 ? { id: 1 } : { id: 1, variation: "0" },
        ),
      },
      "b.c": { key: "b.c" },
    },
  };
  assertEquals((await check({ data: JSON.stringify(data), metadata: { env: { envID: 1 } } })).map(format), [
    'error env.envID: "env.envID" must be a string, is number',
    'error flags["b.c"].version: "version" must be an integer, is missing',
    'error flags.z.rules[9].id: "rules[9].id" must be a string, is number; likewise 1 more in the list',
    'error flags.z.rules[10].variation: "rules[10].variation" must be an integer, is string',
    'error flags.z.variations: "variations" must be an array, is object',
    'error segments.a.included[0]: "included[0]" must be a string, is number',
    'error segments.a.included[2]: "included[2]" must be a string, is null',
    'error segments.a.version: "version" must be an integer, is string',
  ]);
});

Deno.test("checkArchive() finds in the demo, and in plain good archives, nothing to mend", async () => {
  const demo = await checkArchive(await buildDemo(new URL("../../examples/", import.meta.url)), { now: NOW });
  assertEquals(demo.filter(({ severity }) => severity !== "info"), []);
  const rollout = { variations: [{ variation: 0, weight: 50_000 }, { variation: 1, weight: 50_000 }] };
  assertEquals(
    await check({
      flags: {
        a: flagOf({
          prerequisites: [{ key: "b", variation: 0 }],
          targets: [{ variation: 0, values: ["ann"] }],
        }),
        b: flagOf({
          rules: [
            { clauses: [clause], rollout },
            { clauses: [{ ...clause, negate: true }], variation: 0 },
            { clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 0 },
            { clauses: [{ attribute: "version", op: "semVerLessThan", values: ["2.0"] }], variation: 0 },
            {
              clauses: [{ attribute: "mail", op: "matches", values: ["^([\\w-]+\\.)+[a-z]{2,}$"] }],
              variation: 0,
            },
          ],
          fallthrough: { rollout },
        }),
        c: { version: 1, on: false, variations: [true], offVariation: 0 },
        d: tombstone,
      },
      segments: {
        s: {
          version: 1,
          included: ["ann"],
          excluded: ["bob"],
          rules: [{ clauses: [clause], weight: 5 }, segmentRule],
        },
      },
    }),
    [],
  );
});

Deno.test("checkArchive() keeps the worst of very many findings, and counts the rest", async () => {
  const flags = Object.fromEntries(
    Array.from({ length: 1_500 }, (_, i) => [`f${i}`, flagOf({ version: 1.5 })]),
  );
  const findings = await check({ flags: { ...flags, zz: "no flag" } });
  assertEquals(findings.length, 1_001);
  assertEquals(findings.slice(-2).map(format), [
    "error flags.zz: The flag must be an object, is string",
    `warning null: ${OTHERS[3]}`,
  ]);
});

Deno.test("checkArchive() shows what is at fault in its line, cut where the line is long", async () => {
  async function excerptOf(data: string): Promise<string[]> {
    const [{ excerpt }] = await check({ data }) as [Finding];
    const { text, caret, length, line, column } = excerpt!;
    return [`${line}:${column}`, text, " ".repeat(caret) + "^".repeat(length)];
  }
  assertEquals(await excerptOf('{"flags": {\n\t"f": {\n\t\t"key": "f", "version": "1"\n}}}'), [
    "3:26",
    '"key": "f", "version": "1"',
    "                       ^^^",
  ]);
  const long = `{"flags":{"f":{"name":"${"ö".repeat(100_000)}","key":"f","version":"1","x":"${
    "ü".repeat(500)
  }"}}}`;
  assertEquals(await excerptOf(long), [
    "1:100046",
    `…ööööööö","key":"f","version":"1","x":"${"ü".repeat(30)}…`,
    "                              ^^^",
  ]);
  const value = `{"flags":{"f":{"key":"f","version":"${"x".repeat(100)}"}}}`;
  assertEquals(await excerptOf(value), [
    "1:36",
    `…s":{"f":{"key":"f","version":"${"x".repeat(38)}…`,
    `                              ${"^".repeat(40)}`,
  ]);
});

Deno.test("checkArchive() finds what is not UTF-8 where it is", async () => {
  const data = new TextEncoder().encode('{"flags":{"ü":{"key":"ü","version":1,"name":"?"}}}').map((byte) =>
    byte === 0x3f ? 0xfc : byte
  );
  const metadata = new TextEncoder().encode(JSON.stringify(METADATA));
  const checksum = createHash("md5").update(data).update(metadata).digest();
  const archive = tar(
    entry({ name: "e1.json", content: metadata }),
    entry({ name: "e1-data.json", content: data }),
    entry({ name: "checksum.md5", content: checksum }),
  );
  assertEquals((await checkArchive(archive, { now: NOW })).map(format), [`error flags["ü"]: ${OTHERS[4]}`]);
});

Deno.test("checkArchive() never shows a key, however broken the metadata", async () => {
  const keys = ["sdk-0a1b2c3d4e5f", "topsecret-in-another-form", "mob-9z8y7x6w5v4u"];
  const env = {
    envID: ID,
    sdkKey: { value: keys[0], expiring: { value: keys[1], timestamp: 1 } },
    mobKey: keys[2],
    secureMode: 1,
  };
  const texts = [0, 2].map((indent) => JSON.stringify({ env }, null, indent));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.constantFrom("", '"', "{", "\n"),
      async (text, at, by) => {
        const cut = at % text.length;
        const metadata = text.slice(0, cut) + by + text.slice(cut + 1);
        const findings = JSON.stringify(await check({ metadata }));
        // A key that has lost its first or last character is as good as the whole.
        for (const key of keys) assert(!findings.includes(key.slice(5, 11)), metadata);
      },
    ),
    { numRuns: runs(300) },
  );
});
