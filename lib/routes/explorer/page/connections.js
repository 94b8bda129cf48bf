// SDKs that are connected, by name and version. There is nothing of contexts here.
import { ask } from "./api.js";
import { nameEnvironment } from "./environments.js";
import { Answer, Heading, html, Name } from "./parts.js";
import { count, visible } from "./words.js";

export function Connections({ environments, stamp }) {
  return html`
    <${Heading}>Connections</>
    <p class="quiet">Open streams, and requests since the start, by SDK. Contexts are never kept.</p>
    <${Answer} id=${stamp} load=${(signal) => ask(["connections"], { signal })}>
      ${({ connections }) => html`<${Table} connections=${connections} environments=${environments} />`}
    <//>
  `;
}

function Table({ connections, environments }) {
  if (connections.length === 0) return html`<p>No SDK is connected, and none has asked lately.</p>`;
  const names = new Map(environments.map((one) => [one.id, nameEnvironment(one)]));
  const streams = connections.reduce((sum, one) => sum + one.streams, 0);
  return html`
    <p role="status">${count(streams, "open stream")}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Connections">
      <table>
        <thead>
          <tr>
            <th scope="col">SDK</th>
            <th scope="col">Version</th>
            <th scope="col">Kind</th>
            <th scope="col">Environment</th>
            <th scope="col" class="number">Streams</th>
            <th scope="col" class="number">Requests</th>
          </tr>
        </thead>
        <tbody>
          ${connections.map(({ environment, name, kind, sdk, version, streams, requests }) =>
            html`
              <tr>
                <th scope="row">
                  <${Name} text=${sdk || "unknown"} />
                </th>
                <td>
                  <${Name} text=${version ?? ""} />
                </td>
                <td>${visible(kind)}</td>
                <td>
                  <${Name} text=${names.get(environment) ?? name} />
                </td>
                <td class="number">${streams.toLocaleString("en")}</td>
                <td class="number">${requests.toLocaleString("en")}</td>
              </tr>
            `
          )}
        </tbody>
      </table>
    </div>
  `;
}
