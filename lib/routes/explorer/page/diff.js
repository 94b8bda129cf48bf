// Two sides side by side: archives, environments, or contexts, by what is served.
import { Component } from "./vendor/preact.js";
import { ask } from "./api.js";
import { ContextForm, FIRST_CONTEXT, parseContextText } from "./context.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Choice, Heading, html, Name } from "./parts.js";
import { formatFragment } from "./route.js";
import { count, describeReason, formatValue, visible } from "./words.js";

const DATA = [["current", "what is served now"], ["previous", "what was served before"]];

const BY = [["rules", "Rules"], ["values", "Values for contexts"]];

/** Most differences that are shown at once. */
const MAX_SHOWN = 500;

/** How long typing rests before sides are compared: ms. */
const REST_MS = 250;

export class Diff extends Component {
  state = { settled: JSON.stringify(this.#body(this.props)) };
  #timer;

  componentDidUpdate() {
    const body = JSON.stringify(this.#body(this.props));
    if (body === this.state.settled || body === this.#waiting) return;
    this.#waiting = body;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.setState({ settled: body }), REST_MS);
  }
  #waiting;

  componentWillUnmount() {
    clearTimeout(this.#timer);
  }

  #body({ environment, query }) {
    function side(name, data) {
      return {
        env: query[`${name}Env`] ?? environment.id,
        data: query[name] ?? data,
        ...query.by === "values" && { context: query[`${name}Context`] ?? FIRST_CONTEXT },
      };
    }
    return { from: side("from", "previous"), to: side("to", "current") };
  }

  render({ environments, query, replace, stamp }, { settled }) {
    const { from, to } = this.#body(this.props);
    const sides = [["from", "From", from], ["to", "To", to]];
    return html`
      <${Heading}>Differences</>
      <p class="quiet">between two archives, two environments or two contexts.</p>
      <form class="filters" onSubmit=${(event) => event.preventDefault()}>
        <${Choice} label="Compare" value=${query.by ?? "rules"} options=${BY} onChange=${(by) =>
          replace({ ...query, by })} />
      </form>
      <div class="sides">
        ${sides.map(([name, label, side]) =>
          html`
            <fieldset>
              <legend>${label}</legend>
              <${Choice} label="Data" value=${side.data} options=${DATA} onChange=${(data) =>
                replace({ ...query, [name]: data })} />
              <${Choice} label="Environment" value=${side.env}
                options=${environments.map((one) => [one.id, nameEnvironment(one)])}
                onChange=${(env) => replace({ ...query, [`${name}Env`]: env })} />
              ${side.context !== undefined && html`
                <${ContextForm} id=${name} text=${side.context}
                  onChange=${(context) => replace({ ...query, [`${name}Context`]: context })} />
              `}
            </fieldset>
          `
        )}
      </div>
      <${Answer} id=${`${settled} ${stamp}`} load=${(signal) => compare(settled, signal)}>
        ${(answer) =>
          answer.flags
            ? html`<${Values} answer=${answer} to=${to.env} />`
            : html`<${Rules} answer=${answer} to=${to.env} />`}
      <//>
    `;
  }
}

async function compare(text, signal) {
  const body = JSON.parse(text);
  for (const side of [body.from, body.to]) {
    if (side.context !== undefined) side.context = parseContextText(side.context);
  }
  return await ask(["diff"], { body, signal });
}

const STREAMS = {
  deltas: "streams get the changes one by one",
  put: "streams get everything anew",
  none: "flags and segments stay as they are",
};

function Rules({ answer, to }) {
  if (answer.same) return html`<p class="same" role="status">Both serve the same.</p>`;
  return answer.environments.map((one) => {
    const items = [
      ...one.segments.map((item) => ({ ...item, kind: "segment" })),
      ...one.flags.map((item) => ({ ...item, kind: "flag" })),
    ];
    const rest = items.length - MAX_SHOWN;
    return html`
      <section aria-label="Differences">
        <p role="status"><b>${one.change}</b>: ${count(one.flags.length, "flag")} and ${count(
          one.segments.length,
          "segment",
        )} differ; ${STREAMS[one.streams]}${one.rollback &&
          html`; <span class="tag warn">versions go back</span>`}</p>
        ${one.metadata.length + one.keys.length > 0 && html`<ul class="plain">
          ${one.metadata.map((line) => html`<li>${visible(line)}</li>`)}
          ${
          one.keys.map(({ kind, change, key }) =>
            html`<li>${
              kind === "sdk" ? "SDK" : "mobile"
            } key <${Name} text=${key} class="code" /> ${change}</li>`
          )
        }
        </ul>`}
        <ul class="differences">
          ${items.slice(0, MAX_SHOWN).map(({ kind, key, change, before, after, words }) =>
            html`
              <li>
                <div class="line">
                <span class="kind">${kind}</span>
                ${change === "removed"
                  ? html`<${Name} text=${key} class="code" />`
                  : html`<a href=${
                    formatFragment("item", [to, key])
                  }><${Name} text=${key} class="code" /></a>`}
                <span class=${`tag ${change}`}>${change}</span>
                <span class="version">${describeVersions(before, after)}</span>
                </div>
                ${words.length > 0 &&
                  html`<ul>${words.map((line) => html`<li><bdi>${visible(line)}</bdi></li>`)}</ul>`}
              </li>
            `
          )}
        </ul>
        ${rest > 0 && html`<p class="quiet">and ${count(rest, "more")}</p>`}
      </section>
    `;
  });
}

function describeVersions(before, after) {
  if (before === undefined || after === undefined || before === after) return `v${after ?? before}`;
  return `v${before} → v${after}`;
}

function Values({ answer: { same, flags }, to }) {
  if (same) return html`<p class="same" role="status">Both serve the same values.</p>`;
  const rest = flags.length - MAX_SHOWN;
  return html`
    <p role="status">${count(flags.length, "flag")} with another value</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Values">
      <table>
        <thead>
          <tr>
            <th scope="col">Flag</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
          </tr>
        </thead>
        <tbody>
          ${flags.slice(0, MAX_SHOWN).map(({ key, from, to: now }) =>
            html`
              <tr>
                <th scope="row"><a href=${formatFragment("item", [
                  to,
                  key,
                ])}><${Name} text=${key} class="code" /></a></th>
                <td>
                  <${Served} served=${from} />
                </td>
                <td>
                  <${Served} served=${now} />
                </td>
              </tr>
            `
          )}
        </tbody>
      </table>
    </div>
    ${rest > 0 && html`<p class="quiet">and ${count(rest, "more")}</p>`}
  `;
}

function Served({ served }) {
  if (served === null) return html`<span class="quiet">no such flag</span>`;
  return html`<bdi class="value">${formatValue(served.value)}</bdi> <span class="quiet">${
    describeReason(served.reason)
  }</span>`;
}
