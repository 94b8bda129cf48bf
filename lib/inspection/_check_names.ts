import { isContextKind } from "../model/mod.ts";
import type { OnFinding } from "./_entry.ts";
import { quote } from "./_phrases.ts";

/**
 * Finds that a kind is none.
 *
 * @param kind The kind.
 * @param path Its path.
 * @param onFinding Receiver of findings.
 */
export function inspectKind(kind: string | null | undefined, path: string, onFinding: OnFinding): void {
  if (!kind || isContextKind(kind)) return;
  onFinding(
    "warning",
    path,
    `is ${quote(kind)}, which no context can have as its kind`,
    'A kind is made of ASCII letters, digits, ".", "_" and "-", and is not "kind" or "multi"',
  );
}

/**
 * Finds that what looks like a path of an attribute is a plain name.
 *
 * @param attribute The attribute.
 * @param kind The kind beside it.
 * @param path Path of the attribute.
 * @param onFinding Receiver of findings.
 */
export function inspectReference(
  attribute: string | null | undefined,
  kind: string | null | undefined,
  path: string,
  onFinding: OnFinding,
): void {
  if (kind || !attribute?.startsWith("/")) return;
  onFinding(
    "warning",
    path,
    `is ${quote(attribute)}, which is a plain name where there is no "contextKind"`,
    'Add "contextKind" if a path is meant',
  );
}
