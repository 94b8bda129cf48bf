// The page: what is asked of it stands in the fragment of its address.
import { Component, createRef, render } from "./vendor/preact.js";
import { ask } from "./api.js";
import { Environments, nameEnvironment } from "./environments.js";
import { Items } from "./items.js";
import { Choice, html, Problem } from "./parts.js";
import { Provenance } from "./provenance.js";
import { formatFragment, parseFragment } from "./route.js";

/** How often the page asks whether something else is served: ms. */
const POLL_MS = 5_000;

/** How long it waits for the answer, which does not come from a host that is gone: ms. */
const ANSWER_MS = 10_000;

/** Views that a page mostly begins with. The others are loaded after them. */
const FIRST_VIEWS = { "": Environments, flags: Items };

/** All views: title, and whether they are of one environment. */
const VIEWS = {
  "": { title: "Environments" },
  flags: { title: "Flags", ofEnvironment: true },
  item: { title: "Item", ofEnvironment: true },
  evaluate: { title: "Evaluate", ofEnvironment: true },
  diff: { title: "Differences", ofEnvironment: true },
  sdk: { title: "SDKs", ofEnvironment: true },
  connections: { title: "Connections" },
  overrides: { title: "Overrides" },
};

const MENU = ["", "flags", "evaluate", "diff", "sdk", "connections", "overrides"];

class App extends Component {
  state = {
    route: parseFragment(location.hash),
    overview: undefined,
    views: FIRST_VIEWS,
    error: undefined,
    hasKeys: true,
  };
  /** Contexts that were used, to be offered again. */
  #recent = { texts: [] };
  #list = createRef();
  #help = createRef();
  #main = createRef();

  componentDidMount() {
    addEventListener("hashchange", this.#onHash);
    addEventListener("keydown", this.#onKey);
    addEventListener("visibilitychange", this.#poll);
    this.#poll();
  }

  #timer;

  /** Asks what is served, unless nobody looks. The first time it leaves other views alone, unless one is wanted. */
  #poll = async () => {
    clearTimeout(this.#timer);
    if (document.visibilityState === "hidden") return;
    const isFirst = this.state.overview === undefined;
    try {
      const overview = await ask(["environments"], { signal: AbortSignal.timeout(ANSWER_MS) });
      this.setState({ overview, error: undefined });
      if (isFirst && Object.hasOwn(FIRST_VIEWS, this.#route().view)) return;
      this.setState({ views: { ...FIRST_VIEWS, ...await import("./views.js") } });
    } catch (error) {
      this.setState({ error });
    } finally {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#poll, POLL_MS);
    }
  };

  #onHash = () => {
    const route = parseFragment(location.hash);
    const isSamePlace = route.view === this.state.route.view &&
      route.segments.join() === this.state.route.segments.join();
    this.setState({ route });
    if (!isSamePlace) scrollTo(0, 0);
    if (!Object.hasOwn(this.state.views, route.view)) this.#poll();
  };

  /** Changes the parameters of a view without a step in the history. A browser may refuse that to who types fast, so it comes last. */
  #replace = (query) => {
    const { view, segments } = this.#route();
    this.setState({ route: { view, segments, query } });
    history.replaceState(null, "", formatFragment(view, segments, query));
  };

  #onKey = (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape" && target.matches?.(".search-field")) return this.#main.current.focus();
    if (target.matches?.("input, textarea, select")) return;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (!target.closest?.(".list")) return;
    } else if (!this.state.hasKeys) return;
    const act = this.#keys[key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  #keys = {
    "/": () => document.querySelector(".search-field")?.focus(),
    j: () => this.#list.current?.move(1),
    k: () => this.#list.current?.move(-1),
    ArrowDown: () => this.#list.current?.move(1),
    ArrowUp: () => this.#list.current?.move(-1),
    "?": () => this.#help.current.showModal(),
  };

  /** The route, with the first environment with data where none is named. */
  #route() {
    const { route, overview } = this.state;
    const view = Object.hasOwn(VIEWS, route.view) ? route.view : "";
    if (!VIEWS[view].ofEnvironment || route.segments.length > 0 || !overview) return { ...route, view };
    const { environments } = overview;
    const first = environments.find(({ flags }) => flags !== undefined) ?? environments[0];
    return { ...route, view, segments: first ? [first.id] : [] };
  }

  render(_, { overview, views, error, hasKeys }) {
    const { view, segments, query } = this.#route();
    const place = [view, ...segments].join("\n");
    document.title = `${VIEWS[view].title} · Halyard explorer`;
    return html`
      <a class="skip" href="#main" onClick=${(event) => {
        event.preventDefault();
        this.#main.current.focus();
      }}>Skip to the content</a>
      <header>
        <a class="brand" href="#/"><${Mark} /><span>Halyard <b>explorer</b></span></a>
        <nav aria-label="Views">
          ${MENU.map((name) =>
            html`
              <a href=${formatFragment(name, this.#segmentsFor(name, segments, view))}
                aria-current=${name === view || (name === "flags" && view === "item")
                  ? "page"
                  : undefined}>${VIEWS[name].title}</a>
            `
          )}
          <button type="button" onClick=${() => this.#help.current.showModal()}>Keys</button>
        </nav>
        ${overview && VIEWS[view].ofEnvironment && overview.environments.length > 0 && html`
          <${Choice} label="Environment"
            value=${segments[0]} options=${overview.environments.map((one) => [one.id, nameEnvironment(one)])}
            onChange=${(id) =>
              location.hash = formatFragment(
                view === "item" ? "flags" : view,
                [id],
                view === "item" ? {} : { ...query, fromEnv: "", toEnv: "" },
              )} />
        `}
      </header>
      ${overview && html`<${Provenance} ...${overview} />`}
      <main id="main" tabindex="-1" ref=${this.#main}>
        ${error && html`<${Problem} error=${error} />`}
        ${overview && views[view]
          ? html`
            <${Body} key=${place} View=${views[view]} view=${view} segments=${segments} query=${query}
              overview=${overview} replace=${this.#replace} list=${this.#list} recent=${this.#recent} />
          `
          : !error && html`<p class="quiet" role="status">Loading …</p>`}
      </main>
      <${Help} dialog=${this.#help} hasKeys=${hasKeys} onKeys=${(hasKeys) => this.setState({ hasKeys })} />
    `;
  }

  /** A link to another view stays with the environment. */
  #segmentsFor(name, segments, view) {
    return VIEWS[name].ofEnvironment && VIEWS[view].ofEnvironment ? segments.slice(0, 1) : [];
  }
}

function Body({ View, view, segments, query, overview, replace, list, recent }) {
  const { status, environments, removed, hasPrevious } = overview;
  const { ofEnvironment } = VIEWS[view];
  const [id, name] = segments;
  const environment = environments.find((one) => one.id === id);
  // What is loaded is loaded anew when something else is served, as when overrides end.
  const { dataFile, overrides } = status;
  const stamp = view === "connections"
    ? overview
    : JSON.stringify([dataFile.digest, dataFile.loadedAt, overrides]);
  if (ofEnvironment && !environment) {
    const message = id === undefined
      ? "there are no environments"
      : `there is no environment ${JSON.stringify(id)}`;
    return html`<${Problem} error=${{ message, hint: "the start page lists all" }} />`;
  }
  if (view === "item" && name === undefined) {
    return html`<${Problem} error=${{
      message: "there is no key in the address",
      hint: "search among the flags",
    }} />`;
  }
  return html`
    <${View} status=${status} environments=${environments} environment=${environment} name=${name}
      query=${query} replace=${replace} list=${list} stamp=${stamp} hasPrevious=${hasPrevious}
      removed=${removed} recent=${recent} />
  `;
}

function Mark() {
  return html`
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" class="mark-back" />
      <path d="M10 6v20" class="mark-pole" />
      <path d="M12 8h13l-4 4.5 4 4.5H12z" class="mark-flag" />
    </svg>
  `;
}

function Help({ dialog, hasKeys, onKeys }) {
  return html`
    <dialog ref=${dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        <dt><kbd>/</kbd></dt>
        <dd>search</dd>
        <dt><kbd>j</kbd> <kbd>k</kbd></dt>
        <dd>next and previous row</dd>
        <dt><kbd>Enter</kbd></dt>
        <dd>open the row</dd>
        <dt><kbd>Esc</kbd></dt>
        <dd>leave the search</dd>
        <dt><kbd>?</kbd></dt>
        <dd>this help</dd>
      </dl>
      <label><input type="checkbox" checked=${hasKeys} onChange=${(event) => onKeys(event.target.checked)} />
        Single keys are on</label>
      <p
        class="quiet">What you type stays in the address after #, which no browser sends. Nothing else is kept.</p>
      <form method="dialog"><button autofocus>Close</button></form>
    </dialog>
  `;
}

render(html`<${App} />`, document.getElementById("app"));
