import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bytes, concat, sshString } from "../../lib/trust/_bytes.ts";
import { readSshKey } from "../../lib/trust/ssh_key.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { positive, text } from "./_ssh_blobs.ts";

const DATA = new TextEncoder().encode("data");

function toNumber(bigEndian: Uint8Array): bigint {
  return BigInt(`0x${bigEndian.toHex()}`);
}

function toBytes(number: bigint, width: number): Bytes {
  return Uint8Array.fromHex(number.toString(16).padStart(2 * width, "0"));
}

/** 2^255 - 19, over which the coordinates of Ed25519 are counted. */
const P = 2n ** 255n - 19n;
/** Order of Ed25519's base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** An Ed25519 key by its y coordinate, and the sign of its x coordinate. */
function ed25519Key(y: bigint, sign: 0 | 1): Bytes {
  const point = toBytes(y, 32).toReversed();
  point[31]! |= sign << 7;
  return concat(text("ssh-ed25519"), sshString(point));
}

/** The y coordinate of a point of order 8. */
const ORDER_8 = toNumber(
  Uint8Array.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a").toReversed(),
);

Deno.test("readSshKey() refuses an Ed25519 key of small order, in all of its forms", async () => {
  for (const y of [0n, 1n, P - 1n, ORDER_8, P - ORDER_8, P, P + 1n, P + 18n]) {
    for (const sign of [0, 1] as const) {
      await assertRejects(
        () => readSshKey(ed25519Key(y, sign)),
        TrustError,
        "The Ed25519 key is not a point that ssh-keygen makes: it would accept forgeries",
        `y = ${y}, sign ${sign}`,
      );
    }
  }
});

Deno.test("WebCrypto accepts a signature that nobody made by a key of small order, so readSshKey() has to refuse it", async () => {
  const zero = new Uint8Array(32);
  const key = await crypto.subtle.importKey("raw", zero, "Ed25519", false, ["verify"]);
  let forged = 0;
  for (let i = 0; i < 64; i++) {
    const signature = new Uint8Array(64).with(0, 1); // R = 0 and S = 0
    if (await crypto.subtle.verify("Ed25519", key, signature, new Uint8Array([i]))) forged++;
  }
  assert(forged > 0);
});

Deno.test("readSshKey() accepts the largest y coordinate of a point, and refuses none beside those of small order", async () => {
  for (const y of [3n, P - 2n]) {
    assertEquals((await readSshKey(ed25519Key(y, 0))).type, "ssh-ed25519");
  }
});

Deno.test("verify() accepts no Ed25519 signature with an S that is not reduced, nor a key that is no point", async () => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, DATA));
  const key = await readSshKey(concat(text("ssh-ed25519"), sshString(point)));
  const s = toNumber(signature.slice(32).toReversed());
  for (const [other, isGood] of [[s, true], [s + L, false], [s + 2n * L, false]] as const) {
    const bytes = concat(signature.slice(0, 32), toBytes(other, 32).toReversed());
    assertEquals(await key.verify(concat(text("ssh-ed25519"), sshString(bytes)), DATA), isGood);
  }
  const noPoint = await readSshKey(ed25519Key(2n, 0)); // x would be the root of a number that has none
  assertEquals(await noPoint.verify(concat(text("ssh-ed25519"), sshString(signature)), DATA), false);
});

Deno.test("readSshKey() and verify() refuse Ed25519 keys and signatures of another length", async () => {
  for (const length of [0, 31, 33]) {
    await assertRejects(
      () => readSshKey(concat(text("ssh-ed25519"), sshString(new Uint8Array(length)))),
      TrustError,
      "The Ed25519 key is not 32 bytes long",
    );
  }
  const key = await readSshKey(ed25519Key(3n, 0));
  for (const length of [0, 63, 65]) {
    await assertRejects(
      () => key.verify(concat(text("ssh-ed25519"), sshString(new Uint8Array(length))), DATA),
      TrustError,
      "The Ed25519 signature is not 64 bytes long",
    );
  }
});

/** Curves with the order of their base points, in hexadecimal (NIST SP 800-186). */
const CURVES: [name: string, namedCurve: string, hash: string, order: string][] = [
  ["nistp256", "P-256", "SHA-256", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"],
  [
    "nistp384",
    "P-384",
    "SHA-384",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
  ],
  [
    "nistp521",
    "P-521",
    "SHA-512",
    `01${"f".repeat(65)}` +
    "a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
  ],
];

for (const [name, namedCurve, hash, order] of CURVES) {
  const type = `ecdsa-sha2-${name}`;
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const width = (point.length - 1) / 2;
  const blob = (bytes: Bytes, curve = name) => concat(text(type), text(curve), sshString(bytes));

  Deno.test(`verify() accepts no ${type} signature whose numbers are out of range`, async () => {
    const key = await readSshKey(blob(point));
    const n = BigInt(`0x${order}`);
    const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash }, pair.privateKey, DATA));
    const [r, s] = [toNumber(raw.slice(0, width)), toNumber(raw.slice(width))];
    const largest = 2n ** BigInt(8 * width) - 1n;
    const verify = (r: bigint, s: bigint) => {
      const numbers = concat(...[r, s].map((number) => positive(toBytes(number, width + 1))));
      return key.verify(concat(text(type), sshString(numbers)), DATA);
    };
    const rows: [r: bigint, s: bigint, isGood: boolean][] = [
      [r, s, true],
      [r, n - s, true], // as good as the first: see verifyEcdsa()
      [n - r, s, false],
      [n, s, false],
      [r, n, false],
      [n, n, false],
      [n + 1n, s, false],
      [largest, largest, false],
      [1n, 1n, false],
    ];
    for (const [i, [r, s, isGood]] of rows.entries()) assertEquals([i, await verify(r, s)], [i, isGood]);
    if (r + n <= largest) assertEquals(await verify(r + n, s), false);
    await assertRejects(() => verify(largest + 1n, s), TrustError, "a number longer than its curve's");
  });

  Deno.test(`verify() refuses ${type} signatures whose numbers are not positive and in their shortest form`, async () => {
    const key = await readSshKey(blob(point));
    const one = sshString(new Uint8Array([1]));
    for (const odd of [[], [0], [0, 0], [0, 1], [0, 0x7f], [0x80], [0xff, 1]]) {
      const bytes = sshString(new Uint8Array(odd));
      for (const numbers of [concat(bytes, one), concat(one, bytes)]) {
        await assertRejects(
          () => key.verify(concat(text(type), sshString(numbers)), DATA),
          TrustError,
          "The ECDSA signature has a number that is not positive or not in its shortest form",
        );
      }
    }
    await assertRejects(
      () => key.verify(concat(text(type), sshString(concat(one, one, one))), DATA),
      TrustError,
      "The ECDSA signature has bytes after its end",
    );
  });

  Deno.test(`readSshKey() refuses ${type} keys that are no point on the curve, or in another form`, async () => {
    const rows: [key: Bytes, message: string][] = [
      [blob(point.with(5, point[5]! ^ 1)), `The ECDSA key's point is not on ${name}`],
      [blob(new Uint8Array(point.length).with(0, 4)), `The ECDSA key's point is not on ${name}`],
      [blob(new Uint8Array(point.length).fill(0xff).with(0, 4)), `The ECDSA key's point is not on ${name}`],
      [blob(new Uint8Array(1)), `The ECDSA key has no uncompressed point of ${name}`],
      [blob(point.slice(0, width + 1).with(0, 2 + point.at(-1)! % 2)), "no uncompressed point"],
      [blob(concat(point, new Uint8Array(1))), "no uncompressed point"],
      [blob(point.with(0, 6)), "no uncompressed point"],
      [blob(point, "nistp224"), `The ECDSA key is not on the curve of its type, ${name}`],
    ];
    for (const [key, message] of rows) await assertRejects(() => readSshKey(key), TrustError, message);
  });
}

/** A number of that many bits, odd, by which nobody can sign. */
function modulus(bits: number): Bytes {
  return toBytes(2n ** BigInt(bits) - 1n, Math.ceil(bits / 8));
}

function rsaKey(e: Bytes, n: Bytes): Bytes {
  return concat(text("ssh-rsa"), e, n);
}

const E = positive(new Uint8Array([1, 0, 1]));

Deno.test("readSshKey() accepts RSA keys of 2048 to 4096 bits, and verify() can verify with them", async () => {
  for (const bits of [1024, 2047, 4097, 8192, 16_384, 16_385]) {
    await assertRejects(
      () => readSshKey(rsaKey(E, positive(modulus(bits)))),
      TrustError,
      `The RSA key has ${bits} bits, not 2048 to 4096`,
    );
  }
  for (const bits of [2048, 2049, 4095, 4096]) {
    const key = await readSshKey(rsaKey(E, positive(modulus(bits))));
    for (const type of ["rsa-sha2-256", "rsa-sha2-512"]) {
      const signature = new Uint8Array(Math.ceil(bits / 8));
      assertEquals(await key.verify(concat(text(type), sshString(signature)), DATA), false);
      await assertRejects(
        () => key.verify(concat(text(type), sshString(signature.subarray(1))), DATA),
        TrustError,
        "The RSA signature is not as long as its key",
      );
    }
  }
});

Deno.test("readSshKey() accepts odd exponents from 3 to 2^32, and verify() can verify with them", async () => {
  const n = modulus(2048);
  for (const e of [1, 2, 4, 65_536, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 1]) {
    await assertRejects(
      () => readSshKey(rsaKey(positive(toBytes(BigInt(e), 8)), positive(n))),
      TrustError,
      "The RSA key's numbers are not an odd modulus and an odd exponent from 3 to 2^32",
    );
  }
  for (const e of [3, 5, 35, 257, 65_537, 2 ** 32 - 1]) {
    const key = await readSshKey(rsaKey(positive(toBytes(BigInt(e), 8)), positive(n)));
    const signature = concat(text("rsa-sha2-256"), sshString(new Uint8Array(256).fill(1, 1)));
    assertEquals([e, await key.verify(signature, DATA)], [e, false]);
  }
  await assertRejects(() => readSshKey(rsaKey(E, positive(n.with(255, 0xfe)))), TrustError, "an odd modulus");
});

Deno.test("readSshKey() refuses RSA numbers with zeros before them, negative ones and zero", async () => {
  const n = modulus(2048);
  const keys = [
    rsaKey(E, sshString(concat(new Uint8Array(2), n))),
    rsaKey(E, sshString(n)),
    rsaKey(sshString(new Uint8Array([0, 1, 0, 1])), positive(n)),
    rsaKey(sshString(new Uint8Array()), positive(n)),
  ];
  for (const key of keys) {
    await assertRejects(() => readSshKey(key), TrustError, "not positive or not in its shortest form");
  }
});

Deno.test("readSshKey() refuses types that are not accepted, and names that are none", async () => {
  const rows: [key: Bytes, message: string][] = [
    [text("ssh-dss"), "Keys of type ssh-dss are not accepted. These are: ssh-ed25519, "],
    [text("constructor"), "Keys of type constructor are not accepted"],
    [text("x".repeat(64)), "are not accepted"],
    [text("x".repeat(65)), "a name that is not 1 to 64 printable characters"],
    [sshString(new Uint8Array(300_000).fill(0x61)), "a name that is not 1 to 64 printable characters"],
    [text(""), "a name that is not 1 to 64 printable characters"],
    [text("ssh ed25519"), "a name that is not 1 to 64 printable characters"],
    [text("ssh-ed25519\x7f"), "a name that is not 1 to 64 printable characters"],
    [new Uint8Array([0, 0, 0]), "The key is cut off"],
    [new Uint8Array([0, 0, 0, 2, 0x61]), "The key is cut off"],
    [new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x61]), "The key is cut off"],
    [concat(ed25519Key(3n, 0), new Uint8Array(1)), "The key has bytes after its end"],
  ];
  for (const [key, message] of rows) await assertRejects(() => readSshKey(key), TrustError, message);
});
