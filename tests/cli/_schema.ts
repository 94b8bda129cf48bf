import { Ajv } from "ajv";

/** JSON that a schema is made of. */
type Schema = { [name: string]: unknown };

/**
 * Reads the schema of a command, and closes it: users may not rely on fields that it does not name.
 *
 * @param command Name of the command.
 * @returns Function that gives what does not fit in a value.
 */
export function readSchema(command: string): (value: unknown) => string[] {
  const url = new URL(`../../docs/schemas/${command}.json`, import.meta.url);
  const validate = new Ajv({ allErrors: true }).compile(close(JSON.parse(Deno.readTextFileSync(url))));
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`
    );
  };
}

/** Allows no property that is not named. */
function close(schema: Schema): Schema {
  const closed = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, closeAny(value)]),
  );
  return "properties" in closed ? { ...closed, additionalProperties: false } : closed;
}

function closeAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closeAny);
  return typeof value === "object" && value !== null ? close(value as Schema) : value;
}
