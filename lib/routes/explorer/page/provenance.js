// Where the data comes from: the strip above every view.
import { nameEnvironment } from "./environments.js";
import { Copy, html, Name, Time } from "./parts.js";
import { shorten, visible } from "./words.js";

/** Most environments that a warning names. */
const MAX_NAMES = 3;

/** Lists what is wrong with what is served, in words; nothing means that all is well. */
export function listWarnings({ dataFile, trust, overrides }, environments) {
  const faulty = environments.filter(({ fault }) => fault !== undefined);
  return [
    ...dataFile.digest === undefined ? ["Nothing has been loaded yet"] : [],
    ...dataFile.isLastKnownGood
      ? ["Last known good data: the archive could not be loaded since the start"]
      : [],
    ...trust.stale ? ["Stale: older than allowed"] : [],
    ...listNames("Without data", faulty.filter(({ flags }) => flags === undefined)),
    ...listNames(
      "With former data, for the archive's has a fault",
      faulty.filter(({ flags }) => flags !== undefined),
    ),
    ...dataFile.lastError ? [`A newer archive was refused: ${dataFile.lastError.message}`] : [],
    ...overrides?.lastError ? [`A newer file of overrides was refused: ${overrides.lastError.message}`] : [],
    ...trust.problems ?? [],
  ];
}

function listNames(title, environments) {
  if (environments.length === 0) return [];
  const rest = environments.length - MAX_NAMES;
  const names = environments.slice(0, MAX_NAMES).map((one) => shorten(nameEnvironment(one)));
  return [`${title}: ${[...names, ...rest > 0 ? [`${rest} more`] : []].join(", ")}`];
}

export function Provenance({ status, environments }) {
  const { dataFile, trust, version } = status;
  const warnings = listWarnings(status, environments);
  const name = dataFile.path.split(/[/\\]/).at(-1);
  return html`
    <section class=${`provenance${warnings.length > 0 ? " bad" : ""}`} aria-label="Provenance">
      <dl>
        <div>
          <dt>Archive</dt>
          <dd title=${visible(dataFile.path)}><${Name} text=${name} /></dd>
        </div>
        ${dataFile.digest && html`
          <div class="digest">
            <dt>SHA-256</dt>
            <dd>
              <code id="digest" title=${dataFile.digest}>${dataFile.digest}</code>
              <${Copy} text=${dataFile.digest} from="digest" label="SHA-256" />
            </dd>
          </div>
        `}
        <div>
          <dt>${trust.signers?.length ? "Signed by" : "Signature"}</dt>
          <dd>${describeSigners(trust)}</dd>
        </div>
        ${trust.version !== undefined && html`
          <div>
            <dt>Release</dt>
            <dd>${describeRelease(trust)}</dd>
          </div>
        `}
        ${trust.created !== undefined &&
          html`
            <div>
              <dt>Created</dt>
              <dd>
                <${Time} at=${trust.created} />
              </dd>
            </div>
          `}
        ${trust.notAfter !== undefined &&
          html`
            <div>
              <dt>Good until</dt>
              <dd>
                <${Time} at=${trust.notAfter} />
              </dd>
            </div>
          `}
        ${dataFile.loadedAt !== undefined &&
          html`
            <div>
              <dt>Loaded</dt>
              <dd>
                <${Time} at=${dataFile.loadedAt} />
              </dd>
            </div>
          `}
        ${dataFile.lastError &&
          html`
            <div>
              <dt>Last error</dt>
              <dd>
                <${Time} at=${dataFile.lastError.time} />
              </dd>
            </div>
          `}
        <div><dt>Halyard</dt><dd>${visible(version)}</dd></div>
      </dl>
      <div role="status">
        ${warnings.length > 0 &&
          html`<ul class="warnings">${warnings.map((warning) => html`<li>${visible(warning)}</li>`)}</ul>`}
      </div>
    </section>
  `;
}

function describeRelease({ version, epoch, audience }) {
  return [
    String(version),
    ...epoch ? [`epoch ${epoch}`] : [],
    ...audience ? [`for ${visible(audience)}`] : [],
  ].join(", ");
}

function describeSigners({ mode, signers }) {
  if (!signers?.length) return mode === "off" ? "not asked for" : "none";
  return signers.map(({ principals, fingerprint }, i) =>
    html`${i > 0 && ", "}<span title=${visible(fingerprint)}><${Name} text=${
      principals ?? fingerprint
    } /></span>`
  );
}
