/** What values can point to. */
export interface Trap {
  /** A folder that nothing should be read from or written to. */
  folder: string;
  /** A port of 127.0.0.1 that nothing should connect to. */
  port: number;
}

/**
 * Variables that Deno, V8, ICU, Rust's and C's library obey, with values that do harm, in families. Those of the dynamic
 * linker are not here: it obeys them before any code of ours.
 */
export function harmfulEnvironment({ folder, port }: Trap): Record<string, Record<string, string>> {
  const url = `http://127.0.0.1:${port}`;
  return {
    "the engine and the command line": {
      COMPLETE: "bash",
      SIMDUTF_FORCE_IMPLEMENTATION: "none",
      DENO_V8_FLAGS: "--bogus",
      DENO_TOKIO_EVENT_INTERVAL: "0",
      DENO_TOKIO_MAX_IO_EVENTS_PER_TICK: "0",
      DENO_JOBS: "none",
      DENO_USE_CGROUPS: "1",
      DENO_COMPAT: "1",
      DENO_CONDITIONS: "none",
      DENO_NO_PACKAGE_JSON: "1",
      DENO_LOG: "trace",
      RUST_LOG: "trace",
      RUST_BACKTRACE: "full",
      RUST_LIB_BACKTRACE: "full",
      RUST_MIN_STACK: "1",
      RAYON_NUM_THREADS: "none",
      FORCE_COLOR: "3",
      CLICOLOR_FORCE: "1",
    },
    "permissions and listening": {
      DENO_PERMISSION_BROKER_PATH: `${folder}/broker`,
      DENO_AUDIT_PERMISSIONS: `${folder}/audit`,
      DENO_TRACE_PERMISSIONS: "1",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      DENO_AUTO_SERVE: "1",
      DENO_UNSTABLE_CONTROL_SOCK: `unix:${folder}/control`,
      DENO_TRUST_PROXY_HEADERS: "1",
      DENO_DEPLOY_TUNNEL_ENDPOINT: `127.0.0.1:${port}`,
      DENO_EXTRA_STDIO_FDS: "55",
    },
    "Node.js": {
      NODE_OPTIONS: `--require ${folder}/code.cjs`,
      NODE_CHANNEL_FD: "none",
      NODE_CHANNEL_SERIALIZATION_MODE: "none",
      NODE_UNIQUE_ID: "1",
      NODE_CLUSTER_SCHED_POLICY: "none",
      NODE_DEBUG: "http,net,tls",
      NODE_DEBUG_NATIVE: "http",
      NODE_EXTRA_CA_CERTS: `${folder}/ca.pem`,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      NODE_USE_ENV_PROXY: "1",
      NODE_USE_SYSTEM_CA: "1",
      NODE_V8_COVERAGE: `${folder}/node-coverage`,
      NODE_ICU_DATA: folder,
      NODE_PATH: folder,
      NODE_REPL_HISTORY: `${folder}/node-history`,
      NODE_DISABLE_COLORS: "1",
    },
    "telemetry": {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "replace",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/metrics`,
      OTEL_EXPORTER_OTLP_CERTIFICATE: `${folder}/ca.pem`,
      OTEL_EXPORTER_OTLP_HEADERS: "no header",
      OTEL_METRIC_EXPORT_INTERVAL: "1",
      OTEL_TRACES_SAMPLER: "none",
      OTEL_PROPAGATORS: "none",
    },
    "places for files": {
      HOME: folder,
      TMPDIR: `${folder}/temporary`,
      XDG_CACHE_HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_DATA_HOME: folder,
      DENO_DIR: `${folder}/deno`,
      DENO_INSTALL_ROOT: folder,
      DENO_COVERAGE_DIR: `${folder}/coverage`,
      DENO_REPL_HISTORY: `${folder}/history`,
      SSLKEYLOGFILE: `${folder}/keys`,
      SQLITE_TMPDIR: folder,
      PATH: folder,
    },
    "packages and connections": {
      NPM_CONFIG_REGISTRY: url,
      NPM_CONFIG_USERCONFIG: `${folder}/.npmrc`,
      NPM_CONFIG_MIN_RELEASE_AGE: "none",
      JSR_URL: url,
      JSR_NPM_URL: url,
      DENO_AUTH_TOKENS: "none",
      DENO_CACHE_LSC_ENDPOINT: `${url},none`,
      DENO_CERT: `${folder}/ca.pem`,
      DENO_TLS_CA_STORE: "none",
      SSL_CERT_FILE: `${folder}/ca.pem`,
      SSL_CERT_DIR: folder,
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      ALL_PROXY: url,
      http_proxy: url,
      https_proxy: url,
      NO_PROXY: "*",
    },
    "the C library and ICU": {
      GCONV_PATH: folder,
      GETCONF_DIR: folder,
      HOSTALIASES: `${folder}/hosts`,
      LOCALDOMAIN: "example.invalid",
      LOCPATH: folder,
      MALLOC_TRACE: `${folder}/malloc`,
      NLSPATH: `${folder}/%N`,
      RES_OPTIONS: "ndots:15 timeout:30",
      TZDIR: folder,
      ICU_DATA: folder,
      ICU_TIMEZONE_FILES_DIR: folder,
    },
  };
}
