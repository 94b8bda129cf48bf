import { assertEquals } from "@std/assert";
import { Ajv, type ValidateFunction } from "ajv";

/** JSON that a schema is made of. */
type Schema = { [name: string]: unknown };

const SCHEMAS = new URL("../../../docs/schemas/", import.meta.url);
const ajv = new Ajv({ allErrors: true });
for (const name of ["inspect.json", "evaluate.json", "diff.json"]) {
  ajv.addSchema(await read(name));
}
ajv.addSchema(await read("explorer.json"));

const validators = new Map<string, ValidateFunction>();

/** Holds an answer against a definition of docs/schemas/explorer.json; it may have no field that is not named there. */
export function checkSchema(definition: string, value: unknown): void {
  let validate = validators.get(definition);
  if (!validate) {
    validators.set(definition, validate = ajv.compile({ $ref: `explorer.json#/$defs/${definition}` }));
  }
  validate(value);
  assertEquals(validate.errors ?? [], []);
}

async function read(name: string): Promise<Schema> {
  return { ...close(JSON.parse(await Deno.readTextFile(new URL(name, SCHEMAS)))), $id: name };
}

/** Allows no property that is not named. */
function close(schema: Schema): Schema {
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closeAny(value)]));
  return "properties" in closed ? { ...closed, additionalProperties: false } : closed;
}

function closeAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closeAny);
  return typeof value === "object" && value !== null ? close(value as Schema) : value;
}
