import { Ajv } from "ajv";
import type { TestRelay } from "../../http/_relay.ts";

const SCHEMA = JSON.parse(
  await Deno.readTextFile(new URL("../../../docs/schemas/ofrep.json", import.meta.url)),
);
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(SCHEMA);

/** An answer of OFREP. */
export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any
  body: any;
}

/** Options for {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Rest of the path: a key, or a query. @default {all flags} */
  path?: string;
  headers?: Record<string, string>;
  /** Body. @default {the context as JSON} */
  body?: string;
}

/** Asks for what flags give a context, and holds the answer against docs/schemas/ofrep.json. */
export async function evaluate(
  { fetch }: Pick<TestRelay, "fetch">,
  context: unknown,
  { path = "", headers = {}, body = JSON.stringify({ context }) }: EvaluateOptions = {},
): Promise<Answer> {
  const response = await fetch(`/ofrep/v1/evaluate/flags${path}`, {
    method: "POST",
    headers: { authorization: "Bearer sdk-e1", "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  if (text === "" || !response.headers.get("content-type")?.startsWith("application/json")) {
    return { status: response.status, headers: response.headers, body: text };
  }
  const json = JSON.parse(text);
  if (!validate(json)) {
    throw new Error(`${text} is not as the schema says: ${JSON.stringify(validate.errors)}`);
  }
  return { status: response.status, headers: response.headers, body: json };
}
