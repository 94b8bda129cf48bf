// The state of the page as the fragment of its address, which is never sent: `#/view/segment/…?name=value`. Pure.

/** Parses a fragment. What cannot be decoded is the start page. */
export function parseFragment(fragment) {
  try {
    const [path, query = ""] = split(fragment.replace(/^#\/?/, ""));
    const [view = "", ...segments] = path.split("/").map(decodeURIComponent);
    return { view, segments, query: Object.fromEntries(new URLSearchParams(query)) };
  } catch {
    return { view: "", segments: [], query: {} };
  }
}

function split(text) {
  const at = text.indexOf("?");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Formats a fragment; parameters that are empty are left out. */
export function formatFragment(view, segments = [], query = {}) {
  const path = [view, ...segments].map(encodeURIComponent).join("/");
  const parameters = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== undefined && value !== ""),
  );
  return `#/${path}${parameters.size > 0 ? `?${parameters}` : ""}`;
}
