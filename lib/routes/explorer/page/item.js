// One flag or segment: rules in plain words, JSON, and what it is connected with.
import { ask } from "./api.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Heading, html, Json, Name } from "./parts.js";
import { formatFragment } from "./route.js";
import { visible } from "./words.js";

/** Most neighbours that are shown at once. */
const MAX_NEIGHBOURS = 100;

export function Item({ environment, name, stamp }) {
  const { id } = environment;
  return html`
    <nav class="crumbs" aria-label="Breadcrumb">
      <a href=${formatFragment("flags", [id])}>Flags and segments</a> of <${Name} text=${nameEnvironment(
        environment,
      )} />
    </nav>
    <${Heading}>
      <${Name} text=${name} class="title code" />
      </>
      <${Answer} id=${JSON.stringify([id, name, stamp])} load=${(signal) =>
        ask(["flags", id, name], { signal })}>
      ${({ items }) =>
        items.map((item) => html`<${Details} key=${item.kind} item=${item} environment=${id} />`)}
    <//>
  `;
}

function Details({ item, environment }) {
  const { kind, key, version, rules, json, overridden } = item;
  const heading = `${kind === "flag" ? "Flag" : "Segment"}, version ${version}`;
  return html`
    <section aria-label=${heading}>
      <h2>${heading} ${overridden && html`<span class="tag warn">overridden</span>`}</h2>
      <ol class="rules">
        ${rules.map((rule) => html`<li>${markWords(rule)}</li>`)}
      </ol>
      <p><a class="button" href=${formatFragment("evaluate", [environment], {
        [kind]: key,
      })}>${kind === "flag" ? "Evaluate it for a context" : "Does a context belong to it?"}</a></p>
      <h3>What it is connected with</h3>
      <${Graph} item=${item} environment=${environment} />
      ${json !== undefined && html`
        <details>
          <summary>JSON</summary>
          <${Json} value=${json} label=${`JSON of the ${kind}`} />
        </details>
      `}
    </section>
  `;
}

/** Words that the rules are made of are in capitals outside of quotes. */
function markWords(rule) {
  return rule.split(/("(?:[^"\\]|\\.)*")/).map((part, i) =>
    i % 2 === 1
      ? html`<bdi class="value">${visible(part)}</bdi>`
      : part.split(/\b([A-Z]{2,})\b/).map((word, i) => i % 2 === 1 ? html`<b>${word}</b>` : visible(word))
  );
}

/** Three columns from left to right: what needs it, itself, what it depends on. */
function Graph({ item, environment }) {
  const { kind, key, dependsOn, dependents } = item;
  const own = kind === "flag" ? "flags" : "segments";
  const isCycle = [...dependsOn[own], ...dependsOn.indirect[own]].includes(key);
  return html`
    <div class="graph">
      <${Side} of=${kind} title="Needed by" neighbours=${dependents} environment=${environment}
        missing=${[]} />
      <div class="hub">
        <${Name} text=${shortenMiddle(key)} class="code" />
        ${isCycle && html`<p class="problem">It refers back to itself: a cycle.</p>`}
      </div>
      <${Side} of=${kind} title="Depends on" neighbours=${dependsOn} environment=${environment}
        missing=${dependsOn.missing} />
    </div>
  `;
}

function Side({ of, title, neighbours, environment, missing }) {
  const direct = toNodes(neighbours);
  const indirect = toNodes(neighbours.indirect);
  const nodes = [
    ...missing.map(({ kind, key }) => ({ kind: kind.slice(0, -1), key, isMissing: true })),
    ...direct.filter(({ kind, key }) => !missing.some((one) => one.key === key && one.kind === `${kind}s`)),
    ...indirect.map((node) => ({ ...node, isIndirect: true })),
  ];
  const rest = nodes.length - MAX_NEIGHBOURS;
  return html`
    <section class="side" aria-label=${`${title} (${of})`}>
      <h4>${title}</h4>
      ${nodes.length === 0
        ? html`<p class="quiet">nothing</p>`
        : html`<ul>${
          nodes.slice(0, MAX_NEIGHBOURS).map((node) =>
            html`
              <li>
                <${Node} node=${node} environment=${environment} />
              </li>
            `
          )
        }</ul>`}
      ${rest > 0 && html`<p class="quiet">and ${rest.toLocaleString("en")} more</p>`}
    </section>
  `;
}

function toNodes({ flags, segments }) {
  return [
    ...flags.map((key) => ({ kind: "flag", key })),
    ...segments.map((key) => ({ kind: "segment", key })),
  ];
}

function Node({ node: { kind, key, isMissing, isIndirect }, environment }) {
  const label = html`<span class="kind">${kind}${isIndirect && ", through others"}</span><${Name} text=${
    shortenMiddle(key)
  } class="code" />`;
  return isMissing
    ? html`<span class="node missing">${label} <span class="tag bad">missing</span></span>`
    : html`<a class=${isIndirect ? "node indirect" : "node"} href=${
      formatFragment("item", [environment, key])
    }>${label}</a>`;
}

function shortenMiddle(text) {
  return text.length > 80 ? `${text.slice(0, 50)}…${text.slice(-29)}` : text;
}
