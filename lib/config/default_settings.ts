import { toSettings } from "./_to_settings.ts";
import { noValues } from "./_values.ts";
import type { Settings } from "./settings.ts";

/** Settings where nothing is set. There is no default archive: `fileDataSource` is empty. */
export const DEFAULT_SETTINGS: Readonly<Settings> = toSettings(noValues());
