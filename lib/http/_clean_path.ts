/**
 * Resolves `.`, `..` and empty segments as Go's router does; a trailing slash stays.
 *
 * @param path Path, still percent-encoded.
 * @returns The same path where there are none.
 */
export function cleanPath(path: string): string {
  const mayBeUnclean = path.includes("//") || path.includes("/.");
  if (!mayBeUnclean || !/\/\/|\/\.\.?(\/|$)/.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const cleaned = `/${segments.join("/")}`;
  return path.endsWith("/") && cleaned !== "/" ? `${cleaned}/` : cleaned;
}
