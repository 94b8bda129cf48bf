import type { OutputOptions } from "../../../lib/evaluation/mod.ts";
import type { Channel } from "../../../lib/delivery/mod.ts";
import { readContext } from "../../../lib/model/mod.ts";
import { createClientForm } from "../../../lib/routes/fdv1/client_form.ts";
import { Evaluations, prepareClientChannels } from "../../../lib/routes/mod.ts";
import { makeLog } from "../../_environments.ts";

/** Prepares the channels of `/eval` and `/meval`, each for a context: JSON. */
export function prepareFdv1Channels(): (json: unknown, options: OutputOptions) => Channel {
  const evaluations = new Evaluations(makeLog());
  const openChannel = prepareClientChannels(evaluations);
  return (json, options) => {
    const source = new TextEncoder().encode(JSON.stringify(json));
    return openChannel({
      context: readContext(source),
      source,
      audience: options.audience,
      form: createClientForm(evaluations, options),
    });
  };
}
