// Small parts that several views use.
import { Component, createElement, createRef } from "./vendor/preact.js";
import htm from "./vendor/htm.js";
import { ApiError } from "./api.js";
import { visible, visibleLines } from "./words.js";

/** Templates of elements. Text in them is text: nothing is ever parsed as HTML. */
export const html = htm.bind(createElement);

/** A name from data: invisible characters escaped, and its direction kept to itself. */
export function Name({ text, class: className = "name" }) {
  return html`<bdi class=${className}>${visible(text)}</bdi>`;
}

/** JSON in several lines. */
export function Json({ value, label }) {
  return html`<pre class="json" tabindex="0" role="region" aria-label=${label}>${
    visibleLines(JSON.stringify(value, null, 2))
  }</pre>`;
}

/** The answer to a question, which is asked anew when `id` changes; meanwhile the former answer stays. */
export class Answer extends Component {
  state = { id: undefined, data: undefined, error: undefined };
  #abort = new AbortController();

  componentDidMount() {
    this.#load();
  }

  componentDidUpdate({ id }) {
    if (id !== this.props.id) this.#load();
  }

  componentWillUnmount() {
    this.#abort.abort();
  }

  async #load() {
    this.#abort.abort();
    const { signal } = this.#abort = new AbortController();
    const { id, load } = this.props;
    try {
      const data = await load(signal);
      if (!signal.aborted) this.setState({ id, data, error: undefined });
    } catch (error) {
      if (!signal.aborted) this.setState({ id, error });
    }
  }

  render({ id, children }, { id: loaded, data, error }) {
    if (error && loaded === id) return html`<${Problem} error=${error} />`;
    if (data === undefined) return html`<p class="quiet" role="status">Loading …</p>`;
    return html`<div aria-busy=${loaded === id ? "false" : "true"}>${children(data)}</div>`;
  }
}

/** An error, and what to do about it. */
export function Problem({ error }) {
  if (error instanceof ApiError && error.status === 401) {
    return html`
      <div class="problem" role="alert">
        <p>The session has ended.</p>
        <p><button type="button" onClick=${() => location.reload()}>Log in again</button></p>
      </div>
    `;
  }
  return html`<div class="problem" role="alert">
    <p>${visible(error.message).replace(/^[a-z]/, (one) => one.toUpperCase())}</p>
    ${error.hint && html`<p class="quiet">${visible(error.hint)}</p>`}
  </div>`;
}

/** A button that copies a text, and says so. */
export class Copy extends Component {
  state = { done: false };

  #copy = async () => {
    try {
      await navigator.clipboard.writeText(this.props.text);
      this.setState({ done: true });
      setTimeout(() => this.setState({ done: false }), 2_000);
    } catch {
      // Without a secure context there is no clipboard: the text can be selected.
      getSelection().selectAllChildren(document.getElementById(this.props.from));
    }
  };

  render({ label }, { done }) {
    const word = done ? "Copied" : "Copy";
    return html`<button type="button" class="small" onClick=${this.#copy} aria-label=${`${word} ${label}`}>${word}</button>`;
  }
}

/** A time as people read it, with the exact one for those who ask. */
export function Time({ at }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return html`<span>${visible(at)}</span>`;
  return html`<time datetime=${date.toISOString()} title=${date.toISOString()}>${describeAge(at)}</time>`;
}

const UNITS = [[86_400_000, "day"], [3_600_000, "hour"], [60_000, "minute"], [1_000, "second"]];

/** Describes how long ago a time was, or how long it is until then. */
export function describeAge(at, now = Date.now()) {
  const distance = Math.abs(now - at);
  const [length, unit] = UNITS.find(([length]) => distance >= length) ?? UNITS.at(-1);
  const number = Math.floor(distance / length);
  const words = `${number} ${unit}${number === 1 ? "" : "s"}`;
  return at > now ? `in ${words}` : `${words} ago`;
}

/**
 * Heading of a view. It gets the focus when the view is opened, so that a screen reader begins there; not from a choice, by whose
 * arrow keys a person may be on the way to the next environment.
 */
export class Heading extends Component {
  #element = createRef();

  componentDidMount() {
    if (!Heading.isFirst && !document.activeElement.matches("select")) {
      this.#element.current.focus({ preventScroll: true });
    }
    Heading.isFirst = false;
  }

  render({ children }) {
    return html`<h1 tabindex="-1" ref=${this.#element}>${children}</h1>`;
  }
}
Heading.isFirst = true;

/** Field for a search. The key `/` finds it by its class. */
export function Search({ label, value, onInput }) {
  return html`
    <label class="search">
      <span class="hidden">${label}</span>
      <input
        type="search"
        class="search-field"
        placeholder=${`${label}  ( / )`}
        value=${value}
        autocomplete="off"
        spellcheck=${false}
        onInput=${(event) => onInput(event.target.value)}
      />
    </label>
  `;
}

/** A choice among a few. */
export function Choice({ label, value, options, onChange }) {
  return html`<label class="choice"><span>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${
    options.map(([id, text]) => html`<option value=${id} selected=${id === value}>${visible(text)}</option>`)
  }
    </select></label>`;
}
