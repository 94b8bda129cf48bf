import { normalizeHost } from "../wire/mod.ts";
import { list, type ValueType } from "./_types.ts";

/** Fewest characters of a secret. Nobody guesses as many, even with no pause between tries. @limit characters: the setting is refused */
const MIN_SECRET_LENGTH = 16;

/** Most characters of a secret: a header holds it. @limit characters: the setting is refused */
const MAX_SECRET_LENGTH = 1000;

/** A secret that a person types, or that stands in a header. */
export const secret: ValueType<string> = {
  name: "secret",
  syntax: `${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} letters, digits and signs of ASCII, without blanks.`,
  parse(text) {
    // Of all types, this one refuses an empty text too: whoever sets a secret wants to be protected by it.
    if (!/^[!-~]*$/.test(text)) throw new SyntaxError("a secret has ASCII without blanks");
    if (text.length < MIN_SECRET_LENGTH || text.length > MAX_SECRET_LENGTH) {
      throw new SyntaxError(
        `a secret has ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters, this one ${text.length}`,
      );
    }
    return text;
  },
};

/** A list of hosts: names, or addresses in the form that browsers send. */
export const hostList: ValueType<string[]> = {
  name: "host list",
  syntax: "A list of names and IP addresses, without scheme and port; empty ones do not count.",
  parse(text, source) {
    return list.parse(text, source)?.filter((host) => host !== "").map((host) => {
      const name = normalizeHost(host);
      if (name === undefined) throw new SyntaxError(`${JSON.stringify(host)} is not a name or an IP address`);
      return name;
    });
  },
};
