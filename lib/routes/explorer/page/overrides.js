// What the file of overrides has.
import { Heading, html, Name, Time } from "./parts.js";
import { nameEnvironment } from "./environments.js";
import { formatFragment } from "./route.js";
import { visible } from "./words.js";

export function Overrides({ status: { overrides }, environments }) {
  return html`
    <${Heading}>Overrides</>
    ${overrides ? html`<${File} overrides=${overrides} environments=${environments} />` : html`
      <p>No file of overrides is configured.</p>
      <p class="quiet">OVERRIDES_FILE names one: what it has wins over the archive for a while.</p>
    `}
  `;
}

function File({ overrides: { path, digest, loadedAt, lastError, environments: overridden }, environments }) {
  const entries = Object.entries(overridden);
  return html`
    <p class="quiet">Read only: change the file to change them.</p>
    <dl class="facts">
      <dt>File</dt><dd><${Name} text=${path} class="code" /></dd>
      ${digest && html`
        <dt>SHA-256</dt>
        <dd><code>${digest}</code></dd>
      `}
      ${loadedAt !== undefined && html`
        <dt>Loaded</dt>
        <dd>
          <${Time} at=${loadedAt} />
        </dd>
      `}
    </dl>
    ${lastError &&
      html`<p class="problem">${visible(lastError.message)} (<${Time} at=${lastError.time} />)</p>`}
    ${entries.map(([id, one]) =>
      html`<${Overridden} id=${id} one=${one} environment=${environments.find((one) => one.id === id)} />`
    )}
    ${entries.length === 0 && html`<p>There is nothing in it.</p>`}
  `;
}

function Overridden({ id, one: { flags, segments, until, isApplied }, environment }) {
  const items = [...flags.map((key) => ["flag", key]), ...segments.map((key) => ["segment", key])];
  const isOver = until !== undefined && until <= Date.now();
  return html`
    <section class="card">
      <h2>
        <${Name} text=${environment ? nameEnvironment(environment) : id} class="title" />
      </h2>
      <p>
        <span class=${isApplied ? "tag warn" : "tag"}>${isApplied
          ? "in effect"
          : isOver
          ? "over"
          : "not in effect"}</span>
        ${until === undefined
          ? " until the file is changed"
          : html`${isOver ? " since it ended " : " and it ends "}<${Time} at=${until} />`}
      </p>
      <ul class="plain">
        ${items.map(([kind, key]) =>
          html`<li><span class="kind">${kind}</span> <a href=${
            formatFragment("item", [id, key])
          }><${Name} text=${key} class="code" /></a></li>`
        )}
      </ul>
    </section>
  `;
}
