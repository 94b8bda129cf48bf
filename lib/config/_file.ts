import { type IniSection, readIni } from "./_ini.ts";
import type { Occurrence } from "./_ini_lines.ts";
import { nearest } from "./nearest.ts";
import type { Setting } from "./_section.ts";
import { type Reading, readText } from "./_values.ts";
import type { Problem } from "./errors.ts";
import { type SectionName, SECTIONS } from "./table.ts";

const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

const LINES_HINT =
  'a line is "[section]", "name = value" or "# comment"; a value with \\, ", ; or # stands in double quotes, ' +
  'with \\\\ for \\ and \\" for "';

/**
 * Reads a configuration file.
 *
 * @param reading Receives the file's values.
 * @param bytes The file.
 * @returns Its faults.
 */
export function readFileInto(reading: Reading, bytes: Uint8Array): Problem[] {
  try {
    return readIni(bytes).flatMap((section) => readSection(reading, section));
  } catch (error) {
    if (error instanceof SyntaxError) return [{ message: error.message, hint: LINES_HINT }];
    if (error instanceof RangeError) return [{ message: error.message, hint: "check the path" }];
    throw error;
  }
}

function readSection(reading: Reading, { name, subsection, line, variables }: IniSection): Problem[] {
  const section = SECTION_NAMES.find((known) => isSameName(known, name));
  if (!section) {
    const meant = nearest(name, SECTION_NAMES);
    return [unsupported(line, `section "${obscure(name)}"`, meant && `did you mean [${meant}]?`)];
  }
  if (section === "Environment" || section === "Filters") {
    const places = section === "Environment" ? reading.environments : reading.filters;
    places.push(subsection === null ? `[${section}]` : `[${section} ${JSON.stringify(subsection)}]`);
    return []; // It is refused whatever it says.
  }
  if (subsection !== null) {
    const place = `section "${section}", subsection ${JSON.stringify(subsection)}`;
    return [unsupported(line, place, `write [${section}]`)];
  }
  return variables.flatMap(([name, occurrences]) => readVariable(reading, section, name, occurrences));
}

function readVariable(
  reading: Reading,
  section: SectionName,
  written: string,
  occurrences: Occurrence[],
): Problem[] {
  const place = `section "${section}", variable "${obscure(written)}"`;
  const name = namesIn(section).find((known) => isSameName(known, written));
  if (!name) return [unsupported(occurrences[0]![0], place, suggest(written, section))];
  return occurrences.flatMap(([line, text]) => {
    const fault = readText(reading, { section, name, text, source: "file" });
    return fault === undefined ? [] : [{ message: `line ${line}: ${fault} at ${place}` }];
  });
}

function namesIn(section: SectionName): string[] {
  const settings: Record<string, Setting> = SECTIONS[section].settings;
  return Object.keys(settings).filter((name) => !settings[name]!.environmentOnly);
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function unsupported(line: number, place: string, hint = "see docs/settings.md for all names"): Problem {
  return { message: `line ${line}: unsupported or misspelled ${place}`, hint: `line ${line}: ${hint}` };
}

/** No name of ours has digits or hyphens, and every key has: a key on a line of its own must not show. */
function obscure(name: string): string {
  return name.replace(/[\d-].*/, "...");
}

/** Looks for the nearest name in the section, then in the others. */
function suggest(written: string, section: SectionName): string | undefined {
  const places = [section, ...SECTION_NAMES].flatMap((section) =>
    namesIn(section).map((name) => ({ section, name }))
  );
  const meant = nearest(written, places.map(({ name }) => name));
  const place = places.find(({ name }) => name === meant);
  if (!place) return undefined;
  return `did you mean "${place.name}"${place.section === section ? "" : ` in [${place.section}]`}?`;
}
