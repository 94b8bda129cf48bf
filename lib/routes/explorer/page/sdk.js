// What SDKs get: the exact bytes, how to ask for them, and the stream of what changes.
import { Component } from "./vendor/preact.js";
import { ask, askForEvents, askForText, MAX_SHOWN_BYTES } from "./api.js";
import { ContextForm, FIRST_CONTEXT, parseContextText, Settled } from "./context.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Choice, Copy, Heading, html, Name, Problem } from "./parts.js";
import { count, visible, visibleLines } from "./words.js";

/** Most events that are listed. */
const MAX_EVENTS = 50;

export function Sdk({ environment, query, replace, stamp, recent }) {
  return html`
    <${Heading}>What SDKs get</>
    <p class="quiet">from <${Name} text=${nameEnvironment(environment)} /></p>
    <${Answer} id=${stamp} load=${(signal) => ask(["sdk"], { signal })}>
      ${({ routes }) =>
        html`
          <${Routes} routes=${routes} environment=${environment} query=${query} replace=${replace}
            stamp=${stamp} recent=${recent} />
        `}
    <//>
  `;
}

function Routes({ routes, environment, query, replace, stamp, recent }) {
  const route = routes.find(({ name }) => name === query.route) ?? routes[0];
  const options = routes.map(({ name, title }) => [name, title]);
  const text = query.context ?? FIRST_CONTEXT;
  return html`
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label="Route" value=${route.name} options=${options} onChange=${(route) =>
        replace({ ...query, route })} />
    </form>
    ${route.body &&
      html`<${ContextForm} text=${text} recent=${recent.texts} onChange=${(context) =>
        replace({ ...query, context })} />`}
    <p class="quiet">In the commands HALYARD is the address that SDKs use${describeVariable(
      route,
      environment,
    )}.</p>
    <${Settled} key=${route.name} value=${text}>
      ${(text) =>
        html`
          <div class="split halves">
            <${Once} route=${route} environment=${environment} text=${text} stamp=${stamp} />
            ${route.stream && html`
              <${Stream} key=${text} route=${route} environment=${environment} text=${text} />
            `}
          </div>
        `}
    <//>
  `;
}

function describeVariable({ key, body }, { secureMode }) {
  if (key) return `, ${KEYS[key]} ${key === "sdk" ? "an SDK" : "a mobile"} key of the environment`;
  if (!body || !secureMode) return "";
  return `, HASH the hash of the context that secure mode asks for${
    body === "ofrep" ? ", KEY the context's canonical key" : ""
  }`;
}

const KEYS = { sdk: "SDK_KEY", mobile: "MOBILE_KEY" };

/** Quotes a text for a POSIX shell. */
export function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The command that asks a route. Keys are in no answer here: the person knows them. */
export function formatCommand({ key, body, stream }, { method, path }, { id, secureMode }, text) {
  const hash = body && !key && secureMode ? `${path.includes("?") ? "&" : "?"}h=$HASH` : "";
  // What has no body says whose hash it is.
  const whose = hash && body === "ofrep" && method === "GET" ? "&key=$KEY" : "";
  const context = toJson(text);
  const data = body === "ofrep" ? `{"context":${context}}` : context;
  return [
    "curl",
    ...path === stream?.path ? ["--no-buffer"] : [],
    ...key ? [`--header "Authorization: $${KEYS[key]}"`] : [],
    ...method === "GET"
      ? []
      : [`--request ${method} --header 'Content-Type: application/json' --data ${quote(data)}`],
    `"$HALYARD${path.replace("{envId}", encodeURIComponent(id))}${hash}${whose}"`,
  ].join(" ");
}

/** SDKs send JSON, which may have been written as its base64. What is not complete yet stays as it is. */
function toJson(text) {
  try {
    return JSON.stringify(parseContextText(text));
  } catch {
    return text;
  }
}

function Command({ id, label, route, request, environment, text }) {
  const command = formatCommand(route, request, environment, text);
  return html`
    <div class="command">
      <pre id=${id} tabindex="0" role="region" aria-label=${label}>${visibleLines(command)}</pre>
      <${Copy} text=${command} from=${id} label=${label} />
    </div>
  `;
}

/** The body of a request to the API. */
function toBody({ name, body }, text, stream) {
  return { route: name, stream, ...body && { context: parseContextText(text) } };
}

function Once({ route, environment, text, stamp }) {
  const { id } = environment;
  return html`
    <section aria-label="Once">
      <h2>Once</h2>
      <${Command} id="once" label="Command that asks once" route=${route} request=${route.poll}
        environment=${environment} text=${text} />
      <${Answer} id=${JSON.stringify([id, route.name, text, stamp])} load=${async (signal) =>
        await askForText(["sdk", id], { body: toBody(route, text, false), signal })}>
        ${({ text, length, isCut }) =>
          html`
            <p class="quiet">${describeLength(length)}${isCut &&
              `; these are the first ${MAX_SHOWN_BYTES / 1024} KiB`}</p>
            <pre class="json bytes" tabindex="0" role="region" aria-label="Bytes of the answer">${visibleLines(
              text,
            )}</pre>
          `}
      <//>
    </section>
  `;
}

function describeLength(length) {
  return Number.isNaN(length) ? "of unknown length" : count(length, "byte");
}

/** An open stream, as long as it is in view. */
class Stream extends Component {
  state = { events: [], error: undefined, isOpen: false };
  #abort;

  componentDidMount() {
    this.#open();
  }

  componentWillUnmount() {
    this.#abort.abort();
  }

  #open = async () => {
    const { signal } = this.#abort = new AbortController();
    const { route, environment, text } = this.props;
    this.setState({ error: undefined, isOpen: true });
    try {
      const body = toBody(route, text, true);
      await askForEvents(["sdk", environment.id], { body, signal, onEvents: this.#add });
    } catch (error) {
      if (!signal.aborted) this.setState({ error });
    }
    if (!signal.aborted) this.setState({ isOpen: false });
  };

  #add = (added) => {
    const timed = added.map((event) => ({ ...event, at: Date.now() }));
    this.setState(({ events }) => ({ events: [...timed.reverse(), ...events].slice(0, MAX_EVENTS) }));
  };

  render({ route, environment, text }, { events, error, isOpen }) {
    return html`
      <section aria-label="Stream">
        <h2>Stream</h2>
        <${Command} id="stream" label="Command that opens the stream" route=${route} request=${route.stream}
          environment=${environment} text=${text} />
        <p class="quiet" role="status">${isOpen ? "Open" : html`
          It has ended. <button type="button" class="small" onClick=${this.#open}>Open it again</button>
        `}</p>
        ${error && html`<${Problem} error=${error} />`}
        <div role="log" aria-label="Events"><ol class="events">
          ${events.map(({ at, text, length }) =>
            html`
              <li>
                <p><time>${new Date(at).toLocaleTimeString("en-GB")}</time> <b>${nameEvent(text)}</b>
                              <span class="quiet">${count(length, "character")}</span></p>
                <pre class="json" tabindex="0" role="region" aria-label=${`Event ${
                  nameEvent(text)
                }`}>${visibleLines(
                  text,
                )}${length > text.length && " …"}</pre>
              </li>
            `
          )}
        </ol></div>
      </section>
    `;
  }
}

/** The name of an event; what has none is a message, what is a comment alone keeps the connection open. */
function nameEvent(text) {
  if (/^(:.*(\n|$))*$/.test(text)) return "heartbeat";
  return visible(/^event: ?(.*)$/m.exec(text)?.[1] ?? "message");
}
