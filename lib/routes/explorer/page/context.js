// A context by a form or as JSON. The text of its JSON is all that is kept, in the fragment of the address.
import { Component } from "./vendor/preact.js";
import { html } from "./parts.js";
import { visible } from "./words.js";

/** The context that a form begins with. */
export const FIRST_CONTEXT = '{"kind":"user","key":"ann"}';

/** The kind that is added to a form. No kind is called "kind". */
const NEW_KIND = "device";

/** How long typing rests before what was typed is used: ms. */
const REST_MS = 250;

/** Most contexts that are offered again. They are in memory alone. */
const MAX_RECENT = 8;

/** Parses a context: JSON, or its base64 as it stands in a client's address or a log line. Throws what is wrong with it. */
export function parseContextText(text) {
  const trimmed = text.trim();
  if (trimmed === "") throw new SyntaxError('there is no context: write {"kind": "user", "key": "ann"}');
  const context = trimmed.startsWith("{") ? JSON.parse(trimmed) : parseBase64(trimmed);
  if (typeof context !== "object" || context === null || Array.isArray(context)) {
    throw new SyntaxError('a context is an object such as {"kind": "user", "key": "ann"}');
  }
  return context;
}

/** Parses contexts, one a line. Throws which line is none. */
export function parseSample(text) {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [parseContextText(line)];
    } catch (error) {
      throw new SyntaxError(`line ${i + 1} is not a context: ${error.message}`);
    }
  });
}

function parseBase64(text) {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/").replaceAll("%3D", ""));
    const bytes = Uint8Array.from(binary, (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new SyntaxError("it is neither JSON nor base64 of JSON");
  }
}

/** Lists the parts of a context: kind, and attributes as rows of name and text. A value that is text stands as it is. */
export function toParts({ kind, ...rest }) {
  const parts = kind === "multi" ? Object.entries(rest) : [[kind, rest]];
  return parts.map(([kind, attributes]) => ({
    kind: String(kind),
    rows: Object.entries({ key: "", ...attributes }).map(([name, value]) => ({ name, text: toText(value) })),
  }));
}

/** The context of such parts. Values are JSON, or text where they are not JSON. */
export function fromParts(parts) {
  const built = parts.map(({ kind, rows }) => [
    kind,
    Object.fromEntries(
      rows.filter(({ name }) => name !== "").map(({ name, text }) => [name, fromText(name, text)]),
    ),
  ]);
  if (built.length === 1) return { kind: built[0][0], ...built[0][1] };
  return { kind: "multi", ...Object.fromEntries(built) };
}

/** Keys and names are text, whatever they look like. */
const TEXTS = ["key", "name"];

function fromText(name, text) {
  if (TEXTS.includes(name)) return text;
  try {
    const value = JSON.parse(text);
    // A number beyond all others is none in JSON.
    return Math.abs(value) === Infinity ? text : value;
  } catch {
    return text;
  }
}

/** Text that is JSON too is put in quotes, so that it stays text. */
function toText(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  try {
    JSON.parse(value);
    return JSON.stringify(value);
  } catch {
    return value;
  }
}

/** Remembers a context that was used. */
export function addRecent(recent, text) {
  return [text, ...recent.filter((one) => one !== text)].slice(0, MAX_RECENT);
}

/** Shows its children with a value that changes only when typing rests. */
export class Settled extends Component {
  state = { value: this.props.value };
  #timer;

  componentDidUpdate({ value }) {
    if (value === this.props.value) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.setState({ value: this.props.value }), REST_MS);
  }

  componentWillUnmount() {
    clearTimeout(this.#timer);
  }

  render({ children }, { value }) {
    return children(value);
  }
}

/** A field whose text stays as it is written until it is left, whatever is made of it or rendered meanwhile. */
class Field extends Component {
  state = { draft: undefined };

  render({ as = "input", value, onInput = () => {}, ...others }, { draft }) {
    return html`
      <${as} ...${others} spellcheck=${false} autocomplete="off" value=${draft ?? value}
        onInput=${({ target }) => {
          this.setState({ draft: target.value });
          onInput(target.value);
        }}
        onBlur=${() => this.setState({ draft: undefined })} />
    `;
  }
}

/** Form for a context: `text` is its JSON, `onChange` gets a new one with each change. */
export class ContextForm extends Component {
  state = { isJson: false };

  #change(parts) {
    this.props.onChange(JSON.stringify(fromParts(parts)));
  }

  render({ text, onChange, recent = [], id = "context", label = "Context" }, { isJson }) {
    const { context, fitsForm, error } = read(text);
    const showsJson = isJson || !fitsForm;
    return html`
      <fieldset>
        <legend>${label}</legend>
        <div class="switch">
          <label><input type="radio" name=${`${id}-how`} checked=${!showsJson} disabled=${!fitsForm}
            onChange=${() => this.setState({ isJson: false })} /> Form</label>
          <label><input type="radio" name=${`${id}-how`} checked=${showsJson}
            onChange=${() => this.setState({ isJson: true })} /> JSON</label>
          ${recent.length > 1 && html`<label class="choice"><span>Recent</span>
            <select value="" onChange=${(event) => event.target.value && onChange(event.target.value)}>
              <option value="">choose …</option>
              ${recent.map((one) => html`<option value=${one}>${visible(one.slice(0, 60))}</option>`)}
            </select></label>`}
        </div>
        ${showsJson
          ? html`<label class="block"><span>JSON, or its base64</span>
            <${Field} as="textarea" rows="6" aria-invalid=${error ? "true" : "false"}
              value=${format(text, 2)} onInput=${(text) => {
            // What becomes a context while it is written must not become a form.
            this.setState({ isJson: true });
            onChange(format(text));
          }} /></label>`
          : html`<${Parts} parts=${toParts(context)} onChange=${(parts) => this.#change(parts)} />`}
        ${error && html`<p class="problem" role="alert">${visible(error)}</p>`}
      </fieldset>
    `;
  }
}

function read(text) {
  try {
    const context = parseContextText(text);
    return { context, fitsForm: fitsForm(context) };
  } catch (error) {
    return { error: error.message };
  }
}

/**
 * Whether a form can show a context. A user without a kind is of an older form, in which attributes have other places.
 * @param {any} context
 */
export function fitsForm({ kind, ...rest }) {
  if (typeof kind !== "string") return false;
  const parts = kind === "multi" ? Object.values(rest) : [rest];
  return parts.length > 0 &&
    parts.every((part) =>
      typeof part === "object" && part !== null && !Array.isArray(part) && !Object.hasOwn(part, "") &&
      typeof (part.key ?? "") === "string" && typeof (part.name ?? "") === "string"
    ) && (kind !== "multi" || parts.length > 1);
}

/** Formats well-formed JSON: it is shown with its lines, and kept without. */
function format(text, indent) {
  try {
    return JSON.stringify(JSON.parse(text), null, indent);
  } catch {
    return text;
  }
}

function Parts({ parts, onChange }) {
  function put(at, part) {
    onChange(part ? parts.with(at, part) : parts.toSpliced(at, 1));
  }
  const kinds = parts.map(({ kind }) => kind);
  return html`
    ${parts.map((part, at) =>
      html`<${Part} part=${part} kinds=${kinds} canGo=${parts.length > 1} onChange=${(part) =>
        put(at, part)} />`
    )}
    <p><button type="button" class="small" onClick=${() =>
      onChange([...parts, {
        kind: unused(kinds, NEW_KIND),
        rows: [{ name: "key", text: "" }],
      }])}>
      Add a kind</button></p>
  `;
}

function Part({ part: { kind, rows }, kinds, canGo, onChange }) {
  function put(at, row) {
    onChange({ kind, rows: row ? rows.with(at, row) : rows.toSpliced(at, 1) });
  }
  const names = ["kind", ...rows.map(({ name }) => name)];
  return html`
    <div class="part" role="group" aria-label=${`Kind ${kind}`}>
      <div class="pair">
        <label><span>Kind</span><${Field} value=${kind}
          onChange=${(event) => onChange({ kind: rename(kinds, kind, event.target.value), rows })} /></label>
        ${canGo && html`
          <button type="button" class="small" aria-label=${`Remove kind ${kind}`}
            onClick=${() => onChange(undefined)}>Remove</button>
        `}
      </div>
      ${rows.map((row, at) =>
        html`<div class="pair">
        ${
          row.name === "key"
            ? html`<label><span>Key</span><${Field} value=${row.text} onInput=${(text) =>
              put(at, { ...row, text })} /></label>`
            : html`
              <label><span>Attribute</span><${Field} value=${row.name}
                          onChange=${(event) =>
                            put(at, { ...row, name: rename(names, row.name, event.target.value) })} /></label>
              <label><span>Value</span><${Field} value=${row.text} aria-label=${`Value of ${row.name}`}
                          onInput=${(text) => put(at, { ...row, text })} /></label>
              <button type="button" class="small" aria-label=${`Remove ${row.name}`}
                onClick=${() => put(at, undefined)}>Remove</button>
            `
        }
      </div>`
      )}
      <button type="button" class="small" onClick=${() =>
        onChange({
          kind,
          rows: [...rows, { name: unused(names, "attribute"), text: "" }],
        })}>
        Add an attribute</button>
    </div>
  `;
}

/** The new name, or the former one where another has it, which would be lost. */
function rename(names, from, to) {
  return names.includes(to) ? from : to;
}

/** A name that is not in a list yet. */
function unused(names, base) {
  for (let i = 1;; i++) {
    const name = i === 1 ? base : `${base}${i}`;
    if (!names.includes(name)) return name;
  }
}
