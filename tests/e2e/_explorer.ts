import axe from "axe-core" with { type: "text" };
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { packArchive } from "./_archive.ts";
import type { Site } from "./_browser.ts";
import { freePort, type RelayProcess, startRelay } from "./_relay.ts";

// The browser's, in functions that run in the page.
// deno-lint-ignore no-explicit-any
declare const document: any;

/** Names that would do harm as HTML, in a terminal, or to a layout. */
export const HOSTILE: string[] = [
  `<img src=x onerror="document.title='owned'">`,
  "</script><script>document.title='owned'</script>",
  "a\u202egnp.exe",
  "line\nbreak\u0000",
  "x".repeat(10_000),
  "100%25/../%2e%2e?q#f",
];

const FLAG = {
  variations: [true, false],
  fallthrough: { variation: 0 },
  offVariation: 1,
  salt: "s",
  on: true,
};

/** An archive with what each view has to show. `version` is that of the flag `payments`, which is off from 2 on; from 3 on there is no `e2`. */
export function explorerArchive(version = 1): Promise<Uint8Array<ArrayBuffer>> {
  const checkout = {
    ...FLAG,
    version: 118,
    prerequisites: [{ key: "payments", variation: 0 }],
    rules: [
      { id: "beta", variation: 0, clauses: [{ op: "segmentMatch", values: ["beta-users"] }] },
      { variation: 0, clauses: [{ attribute: "country", op: "in", values: ["DE", "AT"] }] },
    ],
    fallthrough: { rollout: { variations: [{ variation: 1, weight: 100_000 }] } },
  };
  const beta = { included: ["cleo"], rules: [] };
  // Of the same key as a flag.
  const lost = { rules: [{ clauses: [{ op: "segmentMatch", values: ["beta-users"] }] }] };
  const payments = { ...FLAG, version, on: version === 1 };
  const hostile = Object.fromEntries(
    HOSTILE.map((
      name,
    ) => [name, { ...FLAG, variations: [name, false], prerequisites: [{ key: name, variation: 0 }] }]),
  );
  return packArchive({
    e1: {
      env: { envKey: "production", envName: "Production", projKey: "plant", projName: "Plant" },
      flags: { checkout, payments, lost: { ...FLAG, prerequisites: [{ key: "gone", variation: 0 }] } },
      segments: { "beta-users": beta, lost },
    },
    ...version < 3 && {
      e2: {
        env: { envKey: "staging", envName: "Staging", projKey: "plant", projName: "Plant" },
        flags: { checkout: { ...checkout, version: 119, on: false }, payments: { ...payments, on: true } },
      },
    },
    e3: { env: { envName: HOSTILE[0], projName: HOSTILE[2] }, flags: hostile },
    big: {
      env: { envName: "Large" },
      flags: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`flag-${String(i).padStart(5, "0")}`, FLAG]),
      ),
    },
  });
}

/** A relay with an explorer. */
export interface ExplorerProcess extends RelayProcess {
  /** Address of the explorer. */
  readonly explorer: string;
}

/** Starts a relay with an explorer, which is open to this host. */
export async function startExplorer(
  path: string,
  env: Record<string, string> = {},
): Promise<ExplorerProcess> {
  const port = freePort();
  const relay = await startRelay(
    { env: { FILE_DATA_SOURCE: path, ADMIN_PORT: String(port), ADMIN_EXPLORER: "true", ...env } },
    "Listening for operators on",
  );
  return Object.assign(relay, { explorer: `http://localhost:${port}/explorer` });
}

/** What is used of axe-core in the page. */
interface Axe {
  axe: {
    run(
      document: unknown,
      options: unknown,
    ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
  };
}

/** A page of the explorer in a browser, and all that must not happen there. */
export class ExplorerPage {
  readonly page: Page;
  readonly #complaints: string[];
  readonly #foreign: string[];

  private constructor(page: Page, complaints: string[], foreign: string[]) {
    this.page = page;
    this.#complaints = complaints;
    this.#foreign = foreign;
  }

  /** Opens the explorer at a fragment. */
  static async open(site: Site, address: string, fragment = ""): Promise<ExplorerPage> {
    const { page, complaints } = await site.open("about:blank");
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(address).origin) foreign.push(request.url());
    });
    await page.goto(address + fragment);
    return new ExplorerPage(page, complaints, foreign);
  }

  /** Goes to a view, and waits until it has its answer. */
  async view(fragment: string): Promise<void> {
    await this.page.evaluate((fragment) => location.hash = fragment, fragment);
    await this.settle();
  }

  /** Waits until nothing is being loaded. */
  async settle(): Promise<void> {
    await this.page.waitForFunction(() =>
      document.querySelector("main h1") !== null &&
      document.querySelector('[aria-busy="true"]') === null &&
      ![...document.querySelectorAll("p[role=status]")].some(({ textContent }) => textContent === "Loading …")
    );
  }

  /** Fails when the browser had anything to say, a request left the origin, or a policy was broken. */
  checkQuiet(): void {
    assertEquals([this.#complaints, this.#foreign], [[], []]);
  }

  /** Fails when there are barriers for people with disabilities. */
  async checkAccess(): Promise<void> {
    await this.page.evaluate(axe);
    const violations = await this.page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as Axe).axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      });
      return violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ html }) => html).join(" ").slice(0, 500)}`
      );
    });
    assertEquals(violations, []);
  }
}
