import parse from "parse-prometheus-text-format";

/** A metric as Prometheus reads it. */
interface Family {
  name: string;
  help: string;
  type: string;
  metrics: { value: string; labels?: Record<string, string> }[];
}

/** Reads metrics as Prometheus would; the lines that it makes nothing of are an error. */
export function readMetrics(text: string): Map<string, Family> {
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  if (new Set(types).size < types.length) throw new Error("A name appears twice");
  // The parser would join the histograms of one name: they are read series by series.
  const read: Family[] = parse(text.replace(/^# HELP (\S+) .*\n# TYPE \1 histogram\n/gm, ""));
  const families = new Map<string, Family>();
  for (const family of read) {
    const known = families.get(family.name);
    if (known) known.metrics.push(...family.metrics);
    else families.set(family.name, family);
  }
  const names = [...families.keys()];
  const series = text.split("\n").filter((line) => line && !line.startsWith("#"));
  const known = new RegExp(`^(${names.join("|")})(\\{.*\\})? (?:[-+.e\\d]+|[-+]Inf)$`);
  const strange = series.filter((line) => !known.test(line));
  if (strange.length > 0) throw new Error(`Cannot read ${strange[0]}`);
  return families;
}

/** Returns the value of the one series with some labels, `undefined` if there is none. */
export function valueOf(
  metrics: ReturnType<typeof readMetrics>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = metrics.get(name)?.metrics.find(({ labels: own = {} }) =>
    Object.entries(labels).every(([label, value]) => own[label] === value)
  );
  return found && Number(found.value);
}
