import { SHARED_NAMES } from "./_check.ts";
import type { Setting } from "./_section.ts";
import { port } from "./_types.ts";
import { type Reading, readText } from "./_values.ts";
import type { Problem } from "./errors.ts";
import { type SectionName, SECTIONS } from "./table.ts";

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Variable that the Relay Proxy once read, and now refuses. */
export const OBSOLETE = "EVENTS_SAMPLING_INTERVAL";

interface VariableSetting {
  section: SectionName;
  name: string;
  env: string;
}

/** Lists the settings that environment variables can set. Of refused sections, only those that enable them. */
export function variableSettings(): VariableSetting[] {
  return Object.entries(SECTIONS).flatMap(([section, { effect, settings }]) =>
    Object.entries<Setting>(settings).flatMap(([name, { env, decides }]) => {
      const isRead = decides || effect !== "refused" && !env?.endsWith("*");
      return env && isRead ? [{ section: section as SectionName, name, env }] : [];
    })
  );
}

/**
 * Reads the process's environment.
 *
 * @param reading Values of the file; receives those of the environment.
 * @param variables The process's environment.
 * @returns Its faults.
 */
export function readVariablesInto(reading: Reading, variables: Variables): Problem[] {
  const { values } = reading;
  const autoConfigOfFile = { ...values.AutoConfig };
  const problems: Problem[] = [];
  for (const { section, name, env } of variableSettings()) {
    if (env.endsWith("*")) {
      const places = section === "Environment" ? reading.environments : reading.filters;
      places.push(
        ...Object.keys(variables).filter((variable) => variable.startsWith(env.slice(0, -1))).sort(),
      );
      continue;
    }
    const text = variables[env];
    if (text === undefined) continue;
    if (isServiceLink(section, name, text)) {
      reading.warnings.push(
        `${env}=${text} is not used: Kubernetes sets it for a service of that name; ` +
          "enableServiceLinks: false in the pod's spec ends that",
      );
      continue;
    }
    const fault = readText(reading, { section, name, text, source: "environment" });
    if (fault !== undefined) problems.push({ message: `${env}: ${fault}` });
  }
  if (variables[OBSOLETE]) {
    problems.push({
      message: `${OBSOLETE}: this variable is no longer supported`,
      hint: `unset ${OBSOLETE}`,
    });
  }

  // The variables that two sections share count for the one in use.
  if (values.OfflineMode.fileDataSource !== undefined) {
    values.AutoConfig = { ...autoConfigOfFile, key: values.AutoConfig.key };
  } else if (values.AutoConfig.key !== undefined) {
    for (const name of SHARED_NAMES) delete values.OfflineMode[name];
  }
  return problems;
}

/** Kubernetes puts `<SERVICE>_PORT=tcp://address:port` into every container, which no port setting means. */
function isServiceLink(section: SectionName, name: string, text: string): boolean {
  const settings: Record<string, Setting> = SECTIONS[section].settings;
  return settings[name]!.type === port && /^(tcp|udp|sctp):\/\//i.test(text);
}
