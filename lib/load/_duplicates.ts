import { isObject, type JsonRange, listMembers, scanValue } from "../archive/mod.ts";

const [COMMA, BRACKET] = [0x2c, 0x5b];

/**
 * Finds a member that is in an object twice, at any depth: readers of JSON take one or the other.
 *
 * @param json UTF-8.
 * @param value Where the value is: valid JSON.
 * @param path Path of the value, with a dot at its end unless it is empty.
 * @returns Path of the first such member; `undefined` if there is none.
 */
export function findDuplicate(json: Uint8Array, value: JsonRange, path = ""): string | undefined {
  const names = new Set<string>();
  for (const [name, inner] of listParts(json, value)) {
    const at = typeof name === "number" ? `${path.slice(0, -1)}[${name}]` : path + name;
    if (typeof name === "string" && names.size === names.add(name).size) return at;
    const duplicate = findDuplicate(json, inner, `${at}.`);
    if (duplicate !== undefined) return duplicate;
  }
  return undefined;
}

/** Lists the members of an object, or the elements of an array. */
function* listParts(json: Uint8Array, value: JsonRange): Generator<[name: string | number, JsonRange]> {
  if (isObject(json, value)) {
    for (const { key, value: inner } of listMembers(json, value)) yield [key, inner];
  } else if (json[value.start] === BRACKET) {
    let at = value.start;
    for (let i = 0; i === 0 || json[at] === COMMA; i++) {
      const element = scanValue(json, at + 1);
      yield [i, element];
      at = element.end;
    }
  }
}
