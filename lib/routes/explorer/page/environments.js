// All environments.
import { Heading, html, Name, Time } from "./parts.js";
import { formatFragment } from "./route.js";
import { count, visible } from "./words.js";

/** The name of an environment, as people know it. */
export function nameEnvironment({ id, project, key, name }) {
  return `${project?.name ?? ""} ${name ?? ""}`.trim() ||
    (project?.key && key ? `${project.key}/${key}` : id);
}

export function Environments({ environments }) {
  return html`
    <${Heading}>Environments</>
    <p class="quiet">${count(environments.length, "environment")} in the archive that is served.</p>
    <ul class="cards">
      ${environments.map((environment) =>
        html`
          <li key=${environment.id}>
            <${Card} environment=${environment} />
          </li>
        `
      )}
    </ul>
    ${environments.length === 0 && html`<p>There are no environments in it.</p>`}
  `;
}

function Card({ environment }) {
  const { id, project, key, sdkKeys, mobileKeys, secureMode, defaultTtl, flags, segments, fault } =
    environment;
  const title = nameEnvironment(environment);
  return html`
    <article class=${fault ? "card bad" : "card"} aria-label=${visible(title)}>
      <h2>
        ${flags === undefined
          ? html`<${Name} text=${title} class="title" />`
          : html`<a href=${formatFragment("flags", [id])}><${Name} text=${title} class="title" /></a>`}
      </h2>
      ${flags === undefined ? html`<p class="verdict error">No data is served</p>` : html`
        <p class="figures">
          <a href=${formatFragment("flags", [id], { kind: "flag" })}><b>${flags.toLocaleString(
            "en",
          )}</b> ${flags === 1 ? "flag" : "flags"}</a>
          <a href=${formatFragment("flags", [id], { kind: "segment" })}><b>${segments.toLocaleString(
            "en",
          )}</b> ${segments === 1 ? "segment" : "segments"}</a>
        </p>
      `}
      ${fault && html`<p class="problem">${visible(fault)}</p>`}
      <dl class="facts">
        <dt>Client-side ID</dt><dd><${Name} text=${id} class="code" /></dd>
        ${(project?.key || key) && html`
          <dt>Project/key</dt>
          <dd>
            <${Name} text=${`${project.key}/${key}`} class="code" />
          </dd>
        `}
        ${listKeys("SDK key", sdkKeys)} ${listKeys("Mobile key", mobileKeys)}
        ${secureMode && html`
          <dt>Secure mode</dt>
          <dd>on</dd>
        `}
        ${defaultTtl > 0 && html`
          <dt>PHP cache</dt>
          <dd>${count(defaultTtl, "minute")}</dd>
        `}
      </dl>
    </article>
  `;
}

function listKeys(title, keys = []) {
  return keys.map(({ value, expiry }) =>
    html`
      <dt>${title}</dt>
      <dd><${Name} text=${value} class="code" />${expiry !== undefined &&
        html`<span class="quiet">${" ends "}<${Time} at=${expiry} /></span>`}</dd>
    `
  );
}
