import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatManifest, type Manifest, parseManifest, TrustError } from "../../lib/trust/mod.ts";

const MANIFEST: Manifest = {
  format: 1,
  archiveSha256: "ab".repeat(32),
  archiveSize: 1000,
  version: 42,
  epoch: 0,
  created: Date.UTC(2026, 9, 1, 12),
  notAfter: Date.UTC(2026, 10, 1, 12, 0, 0, 500),
  audience: "plant-7",
  sourceNote: 'from "x": y',
};

Deno.test("formatManifest() writes what a person can read, in the order of the documentation", () => {
  assertEquals(
    formatManifest(MANIFEST),
    `{
  "format": 1,
  "archiveSha256": "${"ab".repeat(32)}",
  "archiveSize": 1000,
  "version": 42,
  "epoch": 0,
  "created": "2026-10-01T12:00:00Z",
  "notAfter": "2026-11-01T12:00:00.500Z",
  "audience": "plant-7",
  "sourceNote": "from \\"x\\": y"
}
`,
  );
});

const counts = fc.maxSafeNat();
const times = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => date.getTime());
const texts = fc.string({ unit: "grapheme", maxLength: 500 }).filter((text) =>
  !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
);

Deno.test("formatManifest() writes what parseManifest() reads", () => {
  const manifests = fc.record({
    format: fc.constant(1 as const),
    archiveSha256: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex()),
    archiveSize: counts,
    version: counts,
    epoch: counts,
    created: times,
    notAfter: times,
    audience: texts.map((text) => text.trim()).filter((text) => text !== ""),
    sourceNote: texts,
  }, {
    requiredKeys: [
      "format",
      "archiveSha256",
      "archiveSize",
      "version",
      "epoch",
      "created",
      "notAfter",
      "audience",
    ],
  });
  fc.assert(fc.property(manifests, (manifest) => {
    assertEquals(parseManifest(new TextEncoder().encode(formatManifest(manifest))), { ...manifest });
  }));
});

// What no relay would read.
const FAULTS: [change: Partial<Manifest>, message: string][] = [
  [{ version: 2 ** 53 }, "The manifest's version is not an integer"],
  [{ epoch: -1 }, "The manifest's epoch is not an integer"],
  [{ audience: "" }, "The manifest's audience is not the name of a site"],
  [{ created: NaN }, "The manifest's created is not a time in UTC"],
  [{ notAfter: Date.UTC(10_000, 0) }, "The manifest's notAfter is not a time in UTC"],
  [{ archiveSha256: "AB" }, "The manifest's archiveSha256 is not 64 lower-case hexadecimal digits"],
  [{ sourceNote: "x".repeat(16_384) }, "The manifest has more than 16384 bytes"],
];

Deno.test("formatManifest() writes nothing that no relay would read", () => {
  for (const [change, message] of FAULTS) {
    assertThrows(() => formatManifest({ ...MANIFEST, ...change }), TrustError, message);
  }
});
