import v4 from "@launchdarkly/js-client-sdk" with { type: "text" };
import v3 from "launchdarkly-js-client-sdk" with { type: "text" };
import { type Browser, chromium, type Page } from "playwright-core";

/** Where Debian's package puts the browser. */
const CHROMIUM = "/usr/bin/chromium";

const HAS_CHROMIUM = await Deno.stat(CHROMIUM).then(() => true, () => false);

/** How long a test may have its browser: ms. Then it is closed, which ends with an error whatever waits for it. */
const TEST_MS = 60_000;

/** What the server of the pages has: a blank page whose scripts import the SDKs by name, and the SDKs. */
const SITE: Record<string, { type: string; content: string | (() => Promise<string>) }> = {
  "/": {
    type: "text/html",
    content: `<!doctype html>
      <meta charset="utf-8">
      <link rel="icon" href="data:,">
      <script type="importmap">
        {
          "imports": {
            "launchdarkly-js-client-sdk": "/3.js",
            "@launchdarkly/js-client-sdk": "/4.js",
            "@openfeature/web-sdk": "/openfeature.js",
            "@openfeature/ofrep-web-provider": "/openfeature.js"
          }
        }
      </script>`,
  },
  // The file that Deno finds is the one in CommonJS.
  "/3.js": {
    type: "text/javascript",
    content: `const module = { exports: {} }, exports = module.exports;
      ${v3}
      export const { initialize } = module.exports;`,
  },
  "/4.js": { type: "text/javascript", content: v4 },
  "/openfeature.js": { type: "text/javascript", content: bundleOpenFeature },
};

/** Bundles OpenFeature's packages, which are made of many files for Node.js. */
async function bundleOpenFeature(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--platform=browser", "tests/e2e/_openfeature_page.ts"],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle OpenFeature: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** A context as SDKs take it. */
export interface Context {
  kind: string;
  key: string;
}

/** What both generations of the SDK have in common, as far as these tests use it. Lives in the page. */
export interface PageClient {
  values(): Record<string, unknown>;
  detail(key: string): { value: unknown; variationIndex?: number | null; reason?: unknown };
  identify(context: Context, hash?: string): Promise<unknown>;
  flush(): Promise<unknown>;
  close(): Promise<void>;
}

/** Where and how an SDK connects. */
export interface Connection {
  /** The relay. */
  url: string;
  /** The client's first context. */
  context: Context;
  /** Options that both generations share. */
  options: { useReport?: boolean };
  /** For secure mode. */
  hash?: string;
}

/** An SDK for browsers. */
export interface BrowserSdk {
  /** For test names. */
  name: string;
  /** Connects to environment `e1`, streaming, with reasons. Runs in the page: what it names must be there. */
  connect(connection: Connection): Promise<PageClient>;
}

/** LaunchDarkly's SDKs for browsers. */
export const BROWSER_SDKS: BrowserSdk[] = [
  { name: "js-client-sdk 3", connect: connect3 },
  { name: "js-client-sdk 4", connect: connect4 },
];

async function connect3({ url, context, options, hash }: Connection): Promise<PageClient> {
  const { initialize } = await import("launchdarkly-js-client-sdk");
  const client = initialize("e1", context, {
    baseUrl: url,
    streamUrl: url,
    eventsUrl: url,
    streaming: true,
    evaluationReasons: true,
    ...(hash !== undefined && { hash }),
    ...options,
  });
  // What the SDK throws crosses from the page to the test without its message.
  await client.waitForInitialization(5).catch(({ message }) => Promise.reject(new Error(message)));
  return {
    values: () => client.allFlags(),
    detail: (key) => client.variationDetail(key),
    identify: (context, hash) => client.identify(context, hash),
    flush: () => client.flush(),
    close: () => client.close(),
  };
}

async function connect4({ url, context, options, hash }: Connection): Promise<PageClient> {
  const { createClient } = await import("@launchdarkly/js-client-sdk");
  const client = createClient("e1", context, {
    baseUri: url,
    streamUri: url,
    eventsUri: url,
    streaming: true,
    withReasons: true,
    ...options,
  });
  const identifyOptions = hash === undefined ? {} : { hash };
  const started = await client.start({ timeout: 5, identifyOptions });
  if (started.status !== "complete") throw new Error(JSON.stringify(started));
  return {
    values: () => client.allFlags(),
    detail: (key) => client.variationDetail(key, null),
    identify: (context, hash) => client.identify(context, hash === undefined ? {} : { hash }),
    flush: () => client.flush(),
    close: () => client.close(),
  };
}

/** A browser, and a server of pages that is nothing of the relay's. */
export class Site implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #timer: ReturnType<typeof setTimeout>;

  private constructor(browser: Browser) {
    this.#browser = browser;
    this.#timer = setTimeout(() => browser.close(), TEST_MS);
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
      const { type, content } = SITE[new URL(url).pathname]!;
      return new Response(typeof content === "string" ? content : await content(), {
        headers: { "content-type": `${type}; charset=utf-8` },
      });
    });
  }

  /** Starts both. */
  static async start(): Promise<Site> {
    // Without a sandbox, which is playwright's default: Chromium has none when it runs as root.
    return new Site(
      await chromium.launch({ executablePath: CHROMIUM, args: ["--disable-gpu", "--disable-quic"] }),
    );
  }

  /** The origin of the pages under one of the server's two names. */
  origin(hostname: "localhost" | "127.0.0.1"): string {
    return `http://${hostname}:${this.#server.addr.port}`;
  }

  /** Opens a blank page in a profile of its own, and collects what its console says of errors and warnings. */
  async open(origin = this.origin("localhost")): Promise<{ page: Page; complaints: string[] }> {
    const page = await this.#browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(origin);
    return { page, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#browser.close();
    await this.#server.shutdown();
  }
}

/** A test with a browser; where there is none it is ignored and its name says so. */
export function browserTest(name: string, run: (site: Site) => Promise<void>): void {
  Deno.test({
    name: HAS_CHROMIUM ? name : `${name} (ignored: there is no ${CHROMIUM})`,
    ignore: !HAS_CHROMIUM,
    async fn() {
      await using site = await Site.start();
      await run(site);
    },
  });
}
