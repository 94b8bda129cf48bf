import { Component, createRef } from "./vendor/preact.js";
import { html } from "./parts.js";

/** Rows that are there above and below what is in view, so that scrolling shows no gaps. */
const MARGIN_ROWS = 10;

/** Where the lists of the pages in the history were left. */
const LEFT = new Map();

/** Names the page in the history; nothing in browsers that do not number them. */
function getPage() {
  return globalThis.navigation?.currentEntry?.key;
}

/**
 * A list of which only the rows in view exist, with rows of one height. The page scrolls, not the list.
 * `j` and `k`, or the arrow keys, move the focus from row to row: the page finds the list by its `handle`.
 * Who goes back to a list finds it where it was left, with the focus on the same row.
 */
export class List extends Component {
  // What can be in view of a page that has just been opened; the rest follows once that is shown.
  state = { first: 0, last: Math.ceil(innerHeight / this.props.rowHeight) };
  #base = createRef();
  #focused = -1;
  #wanted = -1;
  #scrolled = 0;
  #page = getPage();

  componentDidMount() {
    this.props.handle.current = this;
    addEventListener("scroll", this.measure, { passive: true });
    addEventListener("resize", this.measure);
    requestAnimationFrame(() => requestAnimationFrame(this.measure));
    this.#restore();
  }

  #restore() {
    const left = LEFT.get(this.#page);
    LEFT.delete(this.#page);
    if (!left || document.activeElement.matches("input, select, textarea")) return;
    const { items, keyOf } = this.props;
    scrollTo(0, left.scrolled);
    this.#focused = this.#wanted = items.findIndex((item) => keyOf(item) === left.key);
    this.measure();
    this.forceUpdate();
  }

  componentWillUnmount() {
    const { items, keyOf } = this.props;
    const item = items[this.#focused];
    if (this.#page) LEFT.set(this.#page, { scrolled: this.#scrolled, key: item && keyOf(item) });
    if (this.props.handle.current === this) this.props.handle.current = null;
    removeEventListener("scroll", this.measure);
    removeEventListener("resize", this.measure);
  }

  componentDidUpdate({ items }) {
    if (items !== this.props.items) {
      const row = this.#base.current.querySelector(":focus")?.closest("[data-at]");
      this.#focused = Number(row?.dataset.at ?? -1);
      this.measure();
    }
    if (this.#wanted >= 0) {
      this.#base.current.querySelector(`[data-at="${this.#wanted}"] a`)?.focus({ preventScroll: true });
      this.#wanted = -1;
    }
  }

  measure = () => {
    const element = this.#base.current;
    if (!element) return;
    this.#scrolled = scrollY;
    const { rowHeight, items } = this.props;
    const top = -element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN_ROWS);
    const last = Math.min(items.length, Math.ceil((top + innerHeight) / rowHeight) + MARGIN_ROWS);
    if (first !== this.state.first || last !== this.state.last) this.setState({ first, last });
  };

  /** Moves the focus by a number of rows; the first time to the first one in view. */
  move(step) {
    const { items, rowHeight } = this.props;
    if (items.length === 0) return;
    const start = this.#base.current.getBoundingClientRect().top;
    const next = this.#focused < 0 ? Math.ceil(-start / rowHeight) : this.#focused + step;
    const at = Math.min(items.length - 1, Math.max(0, next));
    this.#focused = at;
    const top = start + at * rowHeight;
    const [low, high] = [120, innerHeight - 2 * rowHeight];
    if (top < low) scrollBy(0, top - low);
    else if (top > high) scrollBy(0, top - high);
    this.measure();
    // The row may be one that is only now put into the page.
    this.#wanted = at;
    this.forceUpdate();
  }

  render({ items, rowHeight, label, row, keyOf }, { first, last }) {
    const shown = items.slice(first, last);
    return html`
      <div
        class="list"
        role="list"
        aria-label=${label}
        ref=${this.#base}
        style=${{ height: `${items.length * rowHeight}px` }}
        onFocusIn=${(event) => {
          const at = event.target.closest("[data-at]")?.dataset.at;
          if (at !== undefined) this.#focused = Number(at);
        }}
      >
        ${shown.map((item, i) =>
          html`
            <div
              key=${keyOf(item)}
              class="row"
              role="listitem"
              aria-setsize=${items.length}
              aria-posinset=${first + i + 1}
              data-at=${first + i}
              style=${{ transform: `translateY(${(first + i) * rowHeight}px)`, height: `${rowHeight}px` }}
            >
              ${row(item)}
            </div>
          `
        )}
      </div>
    `;
  }
}

/** Filters items by words of their keys, kind and state. */
export function filterItems(items, { q = "", kind = "", state = "" }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) =>
    (kind === "" || item.kind === kind) &&
    (state === "" || (state === "overridden" ? item.overridden : item.on === (state === "on"))) &&
    words.every((word) => item.key.toLowerCase().includes(word))
  );
}
