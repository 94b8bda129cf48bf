// The exact bytes that SDKs get, how to ask for them, and how they change while one looks.
import { Component } from "./vendor/preact.js";
import { addressOf, askForText, MAX_SHOWN_BYTES } from "./api.js";
import { ContextForm, FIRST_CONTEXT, parseContextText } from "./context.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Choice, Copy, Heading, html, Name } from "./parts.js";
import { visibleLines } from "./words.js";

const ROUTES = [
  ["all", "Server SDKs: flags and segments"],
  ["flags", "Server SDKs: flags alone"],
  ["eval", "Client SDKs: values for a context"],
];

/** Most changes that are listed. */
const MAX_CHANGES = 50;

/** How long typing rests before a context is evaluated: ms. */
const REST_MS = 250;

export function Sdk({ environment, query, replace, stamp }) {
  const route = ROUTES.some(([id]) => id === query.route) ? query.route : "all";
  const text = query.context ?? FIRST_CONTEXT;
  return html`
    <${Heading}>What SDKs get</>
    <p class="quiet">from <${Name} text=${nameEnvironment(environment)} /></p>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label="Route" value=${route} options=${ROUTES} onChange=${(route) =>
        replace({ ...query, route })} />
    </form>
    ${route === "eval" &&
      html`<${ContextForm} text=${text} onChange=${(context) => replace({ ...query, context })} />`}
    <${Curl} route=${route} environment=${environment} text=${text} />
    <${Bytes} key=${`${environment.id} ${route}`} environment=${environment
      .id} route=${route} text=${text} stamp=${stamp} />
  `;
}

/** Quotes a text for a POSIX shell. */
export function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Commands for a shell. Keys are in no answer here: the person knows them. */
export function listCommands(route, id, text) {
  if (route !== "eval") {
    const path = route === "all" ? "sdk/latest-all" : "sdk/flags";
    const stream = route === "all" ? "all" : "flags";
    return [
      ["Once", `curl --header "Authorization: $SDK_KEY" "$HALYARD/${path}"`],
      ["As a stream", `curl --no-buffer --header "Authorization: $SDK_KEY" "$HALYARD/${stream}"`],
    ];
  }
  const env = encodeURIComponent(id);
  const body = `--request REPORT --header 'Content-Type: application/json' --data ${quote(text)}`;
  return [
    ["Once", `curl ${body} "$HALYARD/sdk/evalx/${env}/context"`],
    ["As a stream", `curl --no-buffer ${body} "$HALYARD/eval/${env}"`],
  ];
}

function Curl({ route, environment, text }) {
  return html`
    <section aria-label="For a terminal">
      <h2>For a terminal</h2>
      <p class="quiet">HALYARD is the address that SDKs use${route !== "eval" &&
        ", SDK_KEY an SDK key of the environment"}.</p>
      ${listCommands(route, environment.id, text).map(([title, command], i) =>
        html`
          <div class="command">
            <span>${title}</span>
            <pre id=${`command-${i}`} tabindex="0" role="region" aria-label=${`Command: ${title}`}>${visibleLines(
              command,
            )}</pre>
            <${Copy} text=${command} from=${`command-${i}`} label=${`command: ${title}`} />
          </div>
        `
      )}
    </section>
  `;
}

class Bytes extends Component {
  state = { settled: this.props.text, changes: [] };
  #timer;
  #last;

  componentDidUpdate({ text }) {
    if (text === this.props.text) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.setState({ settled: this.props.text }), REST_MS);
  }

  componentWillUnmount() {
    clearTimeout(this.#timer);
  }

  async #load(signal) {
    const { environment, route } = this.props;
    const body = route === "eval" ? { context: parseContextText(this.state.settled) } : undefined;
    const answer = await askForText(["payload", environment, route], { body, signal });
    const seen = `${answer.length} ${answer.text}`;
    if (this.#last !== seen) {
      const what = this.#last === undefined ? "first seen" : "changed";
      this.#last = seen;
      const change = { at: Date.now(), what, size: describeSize(answer) };
      this.setState(({ changes }) => ({ changes: [change, ...changes].slice(0, MAX_CHANGES) }));
    }
    return answer;
  }

  render({ environment, route, stamp }, { settled, changes }) {
    const id = JSON.stringify([stamp, route === "eval" && settled]);
    return html`
      <section aria-label="Bytes">
        <h2>Bytes</h2>
        <div class="split wide-left">
          <div>
            <${Answer} id=${id} load=${(signal) => this.#load(signal)}>
              ${(answer) =>
                html`
                  <p class="quiet">${describeSize(answer)}${answer.isCut &&
                    html`; these are the first ${MAX_SHOWN_BYTES / 1024} KiB. <a href=${
                      addressOf("payload", environment, route).href
                    } download=${`${route}.json`}>Download all</a>`}</p>
                  <pre class="json bytes" tabindex="0" role="region" aria-label="Bytes of the answer">${visibleLines(
                    answer.text,
                  )}</pre>
                `}
            <//>
          </div>
          <aside aria-label="Changes">
            <h3>Changes while you look</h3>
            <div role="log" aria-label="Changes"><ol class="changes">
              ${changes.map(({ at, what, size }) =>
                html`<li><time>${new Date(at).toLocaleTimeString("en-GB")}</time> ${what}, ${size}</li>`
              )}
            </ol></div>
          </aside>
        </div>
      </section>
    `;
  }
}

function describeSize({ length }) {
  return Number.isNaN(length) ? "of unknown length" : `${length.toLocaleString("en")} bytes`;
}
