import { arrayOf, type Check, objectOf, optional, wholeNumber } from "./_check.ts";

/** A field of a flag or a segment: its type, and the default that SDKs receive. */
export interface Field {
  /** Check of its type. */
  check: Check;
  /** JSON text that SDKs receive when it is absent; absent itself when no SDK needs the field. */
  absent?: string;
  /** JSON text that SDKs receive in place of `null`; `""` leaves the field out; absent when every SDK accepts `null`. */
  null?: string;
  /** Whether it is a whole number, whose fraction is cut. */
  whole?: boolean;
  /** Fields of the object that it holds, or of each object in the array that it holds. */
  of?: Shape;
}

/** Fields by name. */
export type Shape = ReadonlyMap<string, Field>;

/** Defaults of a field that is absent or `null`. */
type Defaults = Pick<Field, "absent" | "null">;

/**
 * Defaults of a field without which some SDK refuses all that comes with it.
 *
 * @param json JSON text that stands for a field left out or `null`.
 * @returns The defaults.
 */
export function needed(json: string): Defaults {
  return { absent: json, null: json };
}

/**
 * Defaults of a field that every SDK does without, but that must not be `null`.
 *
 * @param json JSON text that stands for `null`. @default {leaves the field out}
 * @returns The defaults.
 */
export function notNull(json = ""): Defaults {
  return { null: json };
}

/** Describes a field that must be there. */
export function required(check: Check): Field {
  return { check, whole: check === wholeNumber };
}

/** Describes a field that may be left out or `null`. */
export function field(check: Check, defaults: Defaults = {}): Field {
  return { check: optional(check), whole: check === wholeNumber, ...defaults };
}

/** Describes a field that holds an object. */
export function part(of: Shape, defaults: Defaults = {}): Field {
  return { check: optional(checkOf(of)), of, ...defaults };
}

/** Describes a field that holds an array of objects. */
export function parts(of: Shape, defaults: Defaults): Field {
  return { check: optional(arrayOf(checkOf(of))), of, ...defaults };
}

/** Makes a shape. */
export function shape(fields: Record<string, Field>): Shape {
  return new Map(Object.entries(fields));
}

/** Makes the check of a shape; fields that it does not list are free. */
export function checkOf(of: Shape): Check {
  return objectOf(Object.fromEntries([...of].map(([name, { check }]) => [name, check])));
}

/** A number whose fraction was cut. */
export interface Cut {
  /** Path of the field, e.g. `rules[0].rollout.variations[1].weight`. */
  path: string;
  /** The number as it was. */
  from: number;
  /** The whole number that it is now. */
  to: number;
}

/**
 * Cuts the fractions of whole numbers, in place and towards zero, as the Relay Proxy does.
 *
 * @param value Object that passes the shape's check.
 * @param of Its shape.
 * @param onCut Called for each.
 * @param path Path of the object, with a dot at its end unless it is empty.
 */
export function cutFractions(value: object, of: Shape, onCut: (cut: Cut) => void, path = ""): void {
  const object = value as Record<string, unknown>;
  for (const [name, { whole, of: shape }] of of) {
    const inner = object[name];
    if (whole && typeof inner === "number" && !Number.isInteger(inner)) {
      const to = Math.trunc(inner) + 0; // never -0
      object[name] = to;
      onCut({ path: path + name, from: inner, to });
    } else if (shape && Array.isArray(inner)) {
      inner.forEach((element, i) => cutFractions(element, shape, onCut, `${path}${name}[${i}].`));
    } else if (shape && typeof inner === "object" && inner !== null) {
      cutFractions(inner, shape, onCut, `${path}${name}.`);
    }
  }
}
