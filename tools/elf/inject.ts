/**
 * Puts machine code into a Linux executable that runs before it: it keeps variables of the environment away and, in
 * Deno's own, starts a script, so that the two are one file.
 *
 * The file gets one segment more, at its end: the machine code of `entry_x86_64.s`, what it shall start, and the script.
 * The program header that made room for it was a note nobody reads at run time; the entry point becomes that code.
 * Nothing of Deno's is changed.
 *
 * @module
 */

/** Arguments, environment and script of an executable. */
export interface Start {
  /** Arguments before the user's, the program's name first. @default {the user's own} */
  args?: string[];
  /** Environment variables, `NAME=value`. */
  env: string[];
  /** Names of the variables that are let through to it; one that ends with `*` stands for all that start so. */
  allowedVariables: string[];
  /** The script: JavaScript, UTF-8. Its path follows `args`. @default {none} */
  script?: Uint8Array;
}

/** Where the machine code puts the script; `SCRIPT_FD` there. */
const SCRIPT_PATH = "/proc/self/fd/99";

/** Most arguments and variables; `ROOM_FOR_STRINGS` in the machine code, less two for alignment. */
const MAX_STRINGS = 510;

/** Five addresses and lengths between the machine code and its strings: bytes. */
const NUMBERS_SIZE = 40;

/** A variable's name, or the beginning of some. */
const VARIABLE = /^\w+\*?$/;

/** Alignment of the new segment's address and offset: bytes. A page of x86_64. */
const ALIGNMENT = 0x1000;

// Offsets and values of the ELF format (System V ABI, chapters 4 and 5; x86-64 supplement, 4.4).
const MAGIC = 0x7f454c46;
const CLASS_64_LITTLE_ENDIAN = 0x0201;
const MACHINE_X86_64 = 62;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const READABLE_EXECUTABLE = 5;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_RELA = 7;
const DT_RELASZ = 8;
const R_X86_64_GLOB_DAT = 6;
const PROGRAM_HEADER_SIZE = 56;
const SYMBOL_SIZE = 24;
const RELOCATION_SIZE = 24;
const DYNAMIC_SIZE = 16;

/** A program header; addresses, offsets and sizes in bytes. */
interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
}

/**
 * Puts the machine code into an executable.
 *
 * @param deno Deno's executable for Linux x86_64, as on the npm registry, or its runtime base.
 * @param start Arguments, environment and script.
 * @returns The new file.
 * @throws {TypeError} When the file is not such an executable.
 * @throws {RangeError} When the machine code cannot take what it shall start with.
 */
export async function inject(deno: Uint8Array, start: Start): Promise<Uint8Array<ArrayBuffer>> {
  const code = await Deno.readFile(new URL("./entry_x86_64.bin", import.meta.url));
  const view = new DataView(deno.buffer, deno.byteOffset, deno.byteLength);
  if (!isExecutable(view)) {
    throw new TypeError("Cannot put machine code into Deno: its executable is not one for Linux x86_64");
  }
  const segments = readSegments(view);
  const note = segments.findLastIndex(({ type }) => type === PT_NOTE);
  if (note < 0) {
    throw new TypeError("Cannot put machine code into Deno: its executable has no note to replace");
  }
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const address = align(Math.max(...loaded.map((segment) => segment.address + segment.memorySize)));
  const offset = align(deno.length);
  const environ = findImport("environ", view, segments);
  if (environ === undefined) {
    throw new TypeError(
      "Cannot put machine code into Deno: its executable does not import environ from libc",
    );
  }
  const dlsym = findImport("dlsym", view, segments);
  const payload = layOut(code, start, [
    readAddress(view, 24) - address,
    environ - address,
    dlsym === undefined ? 0 : dlsym - address,
  ]);

  const output = new Uint8Array(offset + payload.length);
  output.set(deno);
  output.set(payload, offset);
  const size = payload.length;
  const added = {
    type: PT_LOAD,
    flags: READABLE_EXECUTABLE,
    offset,
    address,
    fileSize: size,
    memorySize: size,
  };
  const headers = new DataView(output.buffer);
  writeAddress(headers, 24, address);
  // Loaded segments stand in the order of their addresses, so the new one goes to the end.
  const table = readAddress(view, 32);
  const end = table + segments.length * PROGRAM_HEADER_SIZE;
  output.copyWithin(table + note * PROGRAM_HEADER_SIZE, table + (note + 1) * PROGRAM_HEADER_SIZE, end);
  writeSegment(headers, end - PROGRAM_HEADER_SIZE, added);
  return output;
}

/** The machine code, the table that it reads (`tail` in its source), the script. Addresses are relative to the code. */
function layOut(
  code: Uint8Array,
  start: Start,
  [entry, environ, dlsym]: [entry: number, environ: number, dlsym: number],
): Uint8Array {
  const { args = [], env, allowedVariables, script = new Uint8Array() } = start;
  const allArgs = script.length > 0 ? [...args, SCRIPT_PATH] : args;
  if (allArgs.length + env.length > MAX_STRINGS) {
    throw new RangeError(
      `Cannot put machine code into Deno: more than ${MAX_STRINGS} arguments and variables`,
    );
  }
  const wrong = allowedVariables.find((name) => !VARIABLE.test(name));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot put machine code into Deno: "${wrong}" is not the name of a variable`);
  }
  const beginnings = allowedVariables.map((name) => name.endsWith("*") ? name.slice(0, -1) : `${name}=`);
  const strings = new TextEncoder().encode(
    [...allArgs, "", ...env, "", ...beginnings, ""].map((text) => `${text}\0`).join(""),
  );
  const scriptStart = code.length + NUMBERS_SIZE + strings.length;
  const numbers = new DataView(new ArrayBuffer(NUMBERS_SIZE));
  [entry, environ, scriptStart, script.length, dlsym].forEach((number, i) =>
    writeAddress(numbers, i * 8, number)
  );
  const payload = new Uint8Array(scriptStart + script.length);
  payload.set(code);
  payload.set(new Uint8Array(numbers.buffer), code.length);
  payload.set(strings, code.length + NUMBERS_SIZE);
  payload.set(script, scriptStart);
  return payload;
}

function isExecutable(view: DataView): boolean {
  return view.byteLength >= 64 && view.getUint32(0) === MAGIC &&
    view.getUint16(4) === CLASS_64_LITTLE_ENDIAN &&
    view.getUint16(18, true) === MACHINE_X86_64;
}

function readSegments(view: DataView): Segment[] {
  const table = readAddress(view, 32);
  return Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const at = table + i * PROGRAM_HEADER_SIZE;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: readAddress(view, at + 8),
      address: readAddress(view, at + 16),
      fileSize: readAddress(view, at + 32),
      memorySize: readAddress(view, at + 40),
    };
  });
}

function writeSegment(view: DataView, at: number, segment: Segment): void {
  const { type, flags, offset, address, fileSize, memorySize } = segment;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  [offset, address, address, fileSize, memorySize, ALIGNMENT].forEach((number, i) =>
    writeAddress(view, at + 8 + i * 8, number)
  );
}

/** Returns where the dynamic linker puts the address of a variable or function of libc. */
function findImport(symbol: string, view: DataView, segments: Segment[]): number | undefined {
  const dynamic = new Map<number, number>();
  for (const { offset, fileSize } of segments.filter(({ type }) => type === PT_DYNAMIC)) {
    for (let at = offset; at < offset + fileSize; at += DYNAMIC_SIZE) {
      dynamic.set(readAddress(view, at), readAddress(view, at + 8));
    }
  }
  const [strings, symbols, relocations] = [DT_STRTAB, DT_SYMTAB, DT_RELA].map((tag) =>
    offsetOf(segments, dynamic.get(tag) ?? 0)
  ) as [number, number, number];
  for (let at = relocations; at < relocations + (dynamic.get(DT_RELASZ) ?? 0); at += RELOCATION_SIZE) {
    if (view.getUint32(at + 8, true) !== R_X86_64_GLOB_DAT) continue;
    const name = strings + view.getUint32(symbols + view.getUint32(at + 12, true) * SYMBOL_SIZE, true);
    if (readString(view, name) === symbol) return readAddress(view, at);
  }
  return undefined;
}

function offsetOf(segments: Segment[], address: number): number {
  const segment = segments.find((one) =>
    one.type === PT_LOAD && one.address <= address && address < one.address + one.fileSize
  );
  return segment ? address - segment.address + segment.offset : 0;
}

function readString(view: DataView, at: number): string {
  let end = at;
  while (view.getUint8(end) !== 0) end++;
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, end - at));
}

function readAddress(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function writeAddress(view: DataView, at: number, value: number): void {
  view.setBigInt64(at, BigInt(value), true);
}

function align(value: number): number {
  return Math.ceil(value / ALIGNMENT) * ALIGNMENT;
}
