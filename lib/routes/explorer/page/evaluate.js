// Evaluations of all flags for a context; why one of them comes to its value, and what would give another.
import { Component } from "./vendor/preact.js";
import { ask } from "./api.js";
import { addRecent, ContextForm, FIRST_CONTEXT, parseContextText, Settled } from "./context.js";
import { nameEnvironment } from "./environments.js";
import { ROW_HEIGHT } from "./items.js";
import { List } from "./list.js";
import { Answer, Choice, Heading, html, Name, Search } from "./parts.js";
import { formatFragment } from "./route.js";
import { count, formatValue, shorten, visible } from "./words.js";

export class Evaluate extends Component {
  /** Who opens a flag of the list goes on from its heading, who goes back to the list from that of the view: the row is gone. */
  componentDidUpdate({ query }) {
    if (query.flag === this.props.query.flag) return;
    document.querySelector(this.props.query.flag ? "main h2" : "main h1")?.focus();
  }

  #remember = (text) => {
    const { recent } = this.props;
    if (recent.texts[0] === text) return;
    recent.texts = addRecent(recent.texts, text);
    this.forceUpdate();
  };

  render({ environment, query, replace, list, stamp, recent }) {
    const text = query.context ?? FIRST_CONTEXT;
    return html`
      <${Heading}>Evaluate</>
      <p class="quiet">in <${Name} text=${nameEnvironment(environment)} /></p>
      <div class="split">
        <${ContextForm} text=${text} recent=${recent.texts} onChange=${(context) =>
          replace({ ...query, context })} />
        <div>
          <${Settled} value=${text}>
            ${(text) => {
              if (!isContext(text)) return html`<p class="quiet">The context is not complete yet.</p>`;
              const View = query.flag ? Why : query.segment ? Membership : All;
              return html`
                <${View} environment=${environment.id} text=${text} query=${query} replace=${replace}
                  list=${list} stamp=${stamp} onDone=${this.#remember} />
              `;
            }}
          <//>
        </div>
      </div>
    `;
  }
}

function isContext(text) {
  try {
    parseContextText(text);
    return true;
  } catch {
    return false;
  }
}

/** All flags for the context. */
class All extends Component {
  #cache = {};

  async #load(signal) {
    const { environment, text, onDone } = this.props;
    const answer = await ask(["evaluate", environment], {
      body: { context: parseContextText(text), words: true },
      signal,
    });
    onDone(text);
    return answer;
  }

  #filter(flags, q = "") {
    if (this.#cache.flags !== flags || this.#cache.q !== q) {
      const words = q.toLowerCase().split(/\s+/).filter(Boolean);
      const found = flags.filter(({ key, value }) => {
        const text = `${key} ${JSON.stringify(value)}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      this.#cache = { flags, q, found };
    }
    return this.#cache.found;
  }

  render({ environment, text, query, replace, list, stamp }) {
    return html`
      <${Answer} id=${JSON.stringify([environment, text, stamp])} load=${(signal) => this.#load(signal)}>
        ${({ flags }) => {
          const found = this.#filter(flags, query.q);
          return html`
            <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
              <${Search} label="Search by key or value" value=${query.q ?? ""} onInput=${(q) =>
                replace({ ...query, q })} />
            </form>
            <p class="quiet" role="status">${found.length === flags.length
              ? count(flags.length, "flag")
              : `${found.length} of ${count(flags.length, "flag")}`}</p>
            <${List} handle=${list} items=${found} rowHeight=${ROW_HEIGHT} label="Values" keyOf=${({ key }) =>
              key}
              row=${(flag) =>
                html`<${ResultRow} flag=${flag} environment=${environment} query=${query} />`} />
          `;
        }}
      <//>
    `;
  }
}

function ResultRow({ flag: { key, value, reason, words }, environment, query }) {
  const { q: _, ...rest } = query;
  return html`
    <a class="item" href=${formatFragment("evaluate", [environment], { ...rest, flag: key })}>
      <${Name} text=${shorten(key)} class="name code" />
      <bdi class=${reason.kind === "ERROR" ? "value bad" : "value"}>${formatValue(value)}</bdi>
      <span class="reason">${visible(words.reason)}</span>
    </a>
  `;
}

/** Why one flag comes to its value. */
class Why extends Component {
  async #load(signal) {
    const { environment, text, query: { flag, want }, onDone } = this.props;
    const body = {
      context: parseContextText(text),
      flags: [flag],
      why: true,
      words: true,
      ...want !== undefined && { want: JSON.parse(want) },
    };
    const [{ flags: [result] }, { items }] = await Promise.all([
      ask(["evaluate", environment], { body, signal }),
      ask(["flags", environment, flag], { signal }),
    ]);
    onDone(text);
    const variations = items.find(({ kind }) => kind === "flag")?.json?.variations ?? [];
    return { result, variations };
  }

  render({ environment, text, query, replace, stamp }) {
    const { flag, want } = query;
    const { flag: _, want: __, ...back } = query;
    return html`
      <p class="crumbs"><a href=${formatFragment(
        "evaluate",
        [environment],
        back,
      )}>All flags for this context</a></p>
      <h2 tabindex="-1"><a href=${formatFragment("item", [
        environment,
        flag,
      ])}><${Name} text=${flag} class="title code" /></a></h2>
      <${Answer} id=${JSON.stringify([environment, text, flag, want, stamp])} load=${(signal) =>
        this.#load(signal)}>
        ${({ result, variations }) =>
          html`
            <${Result} result=${result} variations=${variations} want=${want}
              onWant=${(want) => replace({ ...query, want })} />
          `}
      <//>
    `;
  }
}

function Result({ result, variations, want, onWant }) {
  const { value, variation, version, reason, words } = result;
  const texts = [...new Set(variations.map((one) => JSON.stringify(one)))];
  const options = [["", "choose …"], ...texts.map((text) => [text, formatValue(JSON.parse(text))])];
  return html`
    <p class="served" role="status">
      <bdi class=${reason.kind === "ERROR" ? "value bad" : "value"}>${formatValue(value, 2_000)}</bdi>
      <span>because ${visible(words.reason)}</span>
      <span class="quiet">${variation === null
        ? "no variation"
        : `variation ${variation}`}, version ${version}</span>
    </p>
    <div class="wanted">
      <${Choice} label="Why not" value=${want ?? ""} options=${options} onChange=${onWant} />
      ${result.want &&
        html`<p role="status">To get <bdi class="value">${formatValue(result.want.value)}</bdi>: <b>${
          visible(words.want)
        }</b></p>`}
    </div>
    <h3>Why</h3>
    <${Tree} lines=${words.trace} />
  `;
}

/** Whether the context belongs to a segment, and by what. */
function Membership({ environment, text, query, stamp, onDone }) {
  const { segment } = query;
  async function load(signal) {
    const answer = await ask(["segments", environment, segment], {
      body: { context: parseContextText(text) },
      signal,
    });
    onDone(text);
    return answer;
  }
  return html`
    <h2><a href=${formatFragment("item", [
      environment,
      segment,
    ])}><${Name} text=${segment} class="title code" /></a></h2>
    <${Answer} id=${JSON.stringify([environment, text, segment, stamp])} load=${load}>
      ${({ trace, words }) =>
        html`
          <p class="served" role="status">${describeMembership(trace)}</p>
          <h3>Why</h3>
          <${Tree} lines=${words} />
        `}
    <//>
  `;
}

/** A big segment's members are not known offline: only its rules say yes, and nothing says no. */
function describeMembership({ verdict, membersUnknown }) {
  if (verdict === "yes") return "The context is in the segment.";
  if (verdict === "error") return "It cannot be found out: a rule is malformed, or takes too many steps.";
  return membersUnknown
    ? "It is not known offline whether the context is in this big segment."
    : "The context is not in the segment.";
}

const MARKS = { yes: "✓", no: "✗", "not reached": "–", error: "!" };

/** The steps on the way to the value, as nested lists. */
function Tree({ lines }) {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Steps">
      <ol class="tree">${nest(lines, 0, lines.length, lines[0]?.depth ?? 0)}</ol>
    </div>
  `;
}

function nest(lines, from, to, depth) {
  const steps = [];
  for (let at = from; at < to;) {
    let end = at + 1;
    while (end < to && lines[end].depth > depth) end++;
    steps.push(
      html`<li><${Line} line=${lines[at]} />${
        end > at + 1 && html`<ol>${nest(lines, at + 1, end, depth + 1)}</ol>`
      }</li>`,
    );
    at = end;
  }
  return steps;
}

function Line({ line: { step, question, answer, verdict } }) {
  return html`
    <div class=${`step ${verdict.replace(" ", "-")}`}>
      <span class="mark" aria-hidden="true">${MARKS[verdict]}</span>
      <span class="what"><b>${visible(step)}</b>${step && " "}<bdi>${visible(question)}</bdi></span>
      ${answer && html`<span class="answer"><bdi>${visible(answer)}</bdi></span>`}
      <span class=${verdict === "not reached" ? "quiet verdict-word" : "hidden"}>${verdict}</span>
    </div>
  `;
}
