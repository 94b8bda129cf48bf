// Flags and segments of an environment.
import { Component } from "./vendor/preact.js";
import { ask } from "./api.js";
import { nameEnvironment } from "./environments.js";
import { filterItems, List } from "./list.js";
import { Answer, Choice, Heading, html, Name, Search } from "./parts.js";
import { formatFragment } from "./route.js";
import { count, shorten, visible } from "./words.js";

const KINDS = [["", "Any kind"], ["flag", "Flags"], ["segment", "Segments"]];
const STATES = [["", "Any state"], ["on", "On"], ["off", "Off"], ["overridden", "Overridden"]];

/** Height of a row: pixels. */
export const ROW_HEIGHT = 44;

export function Items({ environment, query, replace, list, stamp }) {
  const { id } = environment;
  return html`
    <${Heading}>Flags and segments</>
    <p class="quiet">of <${Name} text=${nameEnvironment(environment)} /></p>
    <${Answer} id=${`${id} ${stamp}`} load=${(signal) => ask(["flags", id], { signal })}>
      ${({ items }) =>
        html`
          <${Filtered} items=${items} environment=${id} query=${query} replace=${replace}
            list=${list} />
        `}
    <//>
  `;
}

class Filtered extends Component {
  #cache = {};

  /** The same array for the same filter, so that the list stays where it is. */
  #filter(items, { q, kind, state }) {
    const id = JSON.stringify([q, kind, state]);
    if (this.#cache.id !== id || this.#cache.items !== items) {
      this.#cache = { id, items, found: filterItems(items, { q, kind, state }) };
    }
    return this.#cache.found;
  }

  render({ items, environment, query, replace, list }) {
    const found = this.#filter(items, query);
    return html`
      <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
        <${Search} label="Search by key" value=${query.q ?? ""} onInput=${(q) => replace({ ...query, q })} />
        <${Choice} label="Kind" value=${query.kind ?? ""} options=${KINDS}
          onChange=${(kind) => replace({ ...query, kind })} />
        <${Choice} label="State" value=${query.state ?? ""} options=${STATES}
          onChange=${(state) => replace({ ...query, state })} />
      </form>
      <p class="quiet" role="status">${describeFound(found.length, items.length)}</p>
      <${List}
        handle=${list}
        items=${found}
        rowHeight=${ROW_HEIGHT}
        label="Flags and segments"
        keyOf=${({ kind, key }) => `${kind} ${key}`}
        row=${(item) => html`<${Row} item=${item} environment=${environment} />`}
      />
    `;
  }
}

function describeFound(found, all) {
  if (all === 0) return "There are no flags and no segments in it.";
  return found === all ? count(all, "item") : `${found.toLocaleString("en")} of ${count(all, "item")}`;
}

function Row({ item: { kind, key, version, on, overridden }, environment }) {
  return html`
    <a class="item" href=${formatFragment("item", [environment, key])} title=${visible(key).slice(0, 300)}>
      <${Name} text=${shorten(key)} class="name code" />
      ${overridden && html`<span class="tag warn">overridden</span>`}
      ${kind === "flag" &&
        html`<span class=${on ? "tag state good" : "tag state"}>${on ? "on" : "off"}</span>`}
      <span class="kind">${kind}</span>
      <span class="version">v${version}</span>
    </a>
  `;
}
