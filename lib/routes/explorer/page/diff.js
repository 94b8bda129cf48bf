// Two sides side by side: archives, environments, or contexts, by what is served.
import { Component } from "./vendor/preact.js";
import { ask } from "./api.js";
import { ContextForm, FIRST_CONTEXT, parseContextText, parseSample, Settled } from "./context.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Choice, Heading, html, Name } from "./parts.js";
import { formatFragment } from "./route.js";
import { count, formatValue, visible } from "./words.js";

const CURRENT = ["current", "what is served now"];
const PREVIOUS = ["previous", "what was served before"];

const BY = [["rules", "Rules"], ["values", "Values for contexts"]];

/** Most differences that are shown at once. */
const MAX_SHOWN = 500;

export class Diff extends Component {
  state = { sample: undefined };

  #body({ environment, query, hasPrevious }) {
    function side(name, data) {
      return {
        env: query[`${name}Env`] ?? environment.id,
        data: query[name] ?? data,
        ...query.by === "values" && { context: query[`${name}Context`] ?? FIRST_CONTEXT },
      };
    }
    return { from: side("from", hasPrevious ? "previous" : "current"), to: side("to", "current") };
  }

  render({ environments, query, replace, stamp, hasPrevious, removed, recent }, { sample }) {
    const { from, to } = this.#body(this.props);
    const data = hasPrevious ? [CURRENT, PREVIOUS] : [CURRENT];
    const sides = [["from", "From", from], ["to", "To", to]];
    return html`
      <${Heading}>Differences</>
      <p class="quiet">between two archives, two environments or two contexts.${!hasPrevious &&
        " Since the start nothing else was served, or it is not kept: there was no memory for it."}</p>
      <form class="filters" onSubmit=${(event) => event.preventDefault()}>
        <${Choice} label="Compare" value=${query.by ?? "rules"} options=${BY} onChange=${(by) =>
          replace({ ...query, by })} />
      </form>
      <div class="sides">
        ${sides.map(([name, label, side]) =>
          html`
            <fieldset>
              <legend>${label}</legend>
              <${Choice} label="Data" value=${side.data} options=${data} onChange=${(data) =>
                replace({ ...query, [name]: data })} />
              <${Choice} label="Environment" value=${side.env}
                options=${listChoices(
                  side.data === "previous" ? [...environments, ...removed] : environments,
                  side.env,
                )}
                onChange=${(env) => replace({ ...query, [`${name}Env`]: env })} />
              ${side.context !== undefined && html`
                <${ContextForm} id=${name} text=${side.context} recent=${recent.texts}
                  onChange=${(context) => replace({ ...query, [`${name}Context`]: context })} />
              `}
            </fieldset>
          `
        )}
      </div>
      ${query.by !== "values" && html`
        <${Sample} sample=${sample} onChange=${(sample) => this.setState({ sample })} />
      `}
      <${Settled} value=${JSON.stringify({ from, to })}>
        ${(sides) =>
          html`
            <${Answer} id=${JSON.stringify([sides, sample?.id, stamp])} load=${(signal) =>
              compare(JSON.parse(sides), sample, signal)}>
              ${(answer) =>
                answer.flags
                  ? html`<${Values} answer=${answer} to=${to.env} />`
                  : html`<${Rules} answer=${answer} to=${to.env} />`}
            <//>
          `}
      <//>
    `;
  }
}

/** Environments to choose from, and the chosen one, which a reload may have taken away. */
function listChoices(environments, chosen) {
  const choices = environments.map((one) => [one.id, nameEnvironment(one)]);
  return choices.some(([id]) => id === chosen) ? choices : [...choices, [chosen, `${chosen} (not there)`]];
}

async function compare({ from, to }, sample, signal) {
  if (from.context === undefined) {
    return await ask(["diff"], { body: { from, to, contexts: sample?.contexts }, signal });
  }
  const [old, now] = [from, to].map((side) => ({ ...side, context: parseContextText(side.context) }));
  return await ask(["diff"], { body: { from: old, to: now }, signal });
}

/** A file of contexts, whose shares are counted. It is read here, and kept in memory alone. */
class Sample extends Component {
  state = { error: undefined };

  #read = async ({ target }) => {
    const [file] = target.files;
    try {
      this.props.onChange(
        file && {
          id: [file.name, file.size, file.lastModified],
          contexts: parseSample(await file.text()),
        },
      );
      this.setState({ error: undefined });
    } catch (error) {
      this.props.onChange(undefined);
      this.setState({ error: error.message });
      // Once it is mended, the same file can be chosen again.
      target.value = "";
    }
  };

  render({ sample }, { error }) {
    return html`
      <p class="sample">
        <label><span>How many contexts of a sample get another value? A file with one context a line:</span>
          <input type="file" accept=".jsonl,.ndjson,.json,.txt" onChange=${this.#read} /></label>
        ${sample && html`<span role="status">${count(sample.contexts.length, "context")}</span>`}
      </p>
      ${error && html`<p class="problem" role="alert">${visible(error)}</p>`}
    `;
  }
}

const STREAMS = {
  deltas: "streams get the changes one by one",
  put: "streams get everything anew",
  none: "flags and segments stay as they are",
};

function Rules({ answer, to }) {
  if (answer.same) return html`<p class="same" role="status">Both serve the same.</p>`;
  return html`
    ${answer.contexts && answer.environments.some(({ change }) => change === "changed") &&
      html`<${Shares} flags=${answer.contexts} to=${to} />`}
    ${answer.environments.map((one) => html`<${Changes} one=${one} to=${to} />`)}
  `;
}

/** How many contexts of the sample get another value, flag by flag. */
function Shares({ flags, to }) {
  if (flags.length === 0) {
    return html`<p class="same" role="status">No context of the sample gets another value.</p>`;
  }
  return html`
    <section aria-label="Sample">
      <h2>Contexts that get another value</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Shares">
        <table>
          <thead>
            <tr>
              <th scope="col">Flag</th>
              <th scope="col" class="number">Contexts</th>
              <th scope="col" class="number">Share</th>
            </tr>
          </thead>
          <tbody>
            ${flags.slice(0, MAX_SHOWN).map(({ flag, changed, of }) =>
              html`
                <tr>
                  <th scope="row">
                    <${ItemLink} environment=${to} name=${flag} />
                  </th>
                  <td class="number">${changed} of ${of}</td>
                  <td class="number">${(100 * changed / of).toFixed(1)}%</td>
                </tr>
              `
            )}
          </tbody>
        </table>
      </div>
      <${Rest} number=${flags.length - MAX_SHOWN} />
    </section>
  `;
}

function ItemLink({ environment, name }) {
  return html`<a href=${
    formatFragment("item", [environment, name])
  }><${Name} text=${name} class="code" /></a>`;
}

function Rest({ number }) {
  return number > 0 && html`<p class="quiet">and ${number.toLocaleString("en")} more</p>`;
}

function Changes({ one, to }) {
  const items = [
    ...one.segments.map((item) => ({ ...item, kind: "segment" })),
    ...one.flags.map((item) => ({ ...item, kind: "flag" })),
  ];
  return html`
    <section aria-label="Differences">
      <p role="status"><b>${one.change}</b>: ${describeConsequence(one)}${one.rollback &&
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
                : html`<${ItemLink} environment=${to} name=${key} />`}
              <span class=${`tag ${change}`}>${change}</span>
              <span class="version">${describeVersions(before, after)}</span>
              </div>
              ${words.length > 0 &&
                html`<ul>${words.map((line) => html`<li><bdi>${visible(line)}</bdi></li>`)}</ul>`}
            </li>
          `
        )}
      </ul>
      <${Rest} number=${items.length - MAX_SHOWN} />
    </section>
  `;
}

function describeConsequence({ change, flags, segments, streams }) {
  if (change === "faulty") return "flags and segments are not compared";
  const counts = `${count(flags.length, "flag")} and ${count(segments.length, "segment")}`;
  return change === "changed" ? `${counts} differ; ${STREAMS[streams]}` : counts;
}

function describeVersions(before, after) {
  if (before === undefined || after === undefined || before === after) return `v${after ?? before}`;
  return `v${before} → v${after}`;
}

function Values({ answer: { same, flags }, to }) {
  if (same) return html`<p class="same" role="status">Both serve the same values.</p>`;
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
                <th scope="row">
                  <${ItemLink} environment=${to} name=${key} />
                </th>
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
    <${Rest} number=${flags.length - MAX_SHOWN} />
  `;
}

function Served({ served }) {
  if (served === null) return html`<span class="quiet">no such flag</span>`;
  return html`<bdi class="value">${formatValue(served.value)}</bdi> <span class="quiet">${
    visible(served.words)
  }</span>`;
}
