import { assertEquals } from "@std/assert";
import { load, refusal } from "./_load.ts";

const LINES_HINT = String.raw`a line is "[section]", "name = value" or "# comment"; ` +
  String.raw`a value with \, ", ; or # stands in double quotes, with \\ for \ and \" for "`;

/** What a file says, and why it cannot be read. */
const UNREADABLE: [file: string | Uint8Array, reason: string, hint: string][] = [
  [
    "[Main\nport=1",
    "line 1: expected subsection name or right bracket",
    LINES_HINT,
  ],
  [
    "[Main]\nport=1\nprot=2",
    'line 3: unsupported or misspelled section "Main", variable "prot"',
    'line 3: did you mean "port"?',
  ],
  [
    "[Main]\nfileDataSource=f",
    'line 2: unsupported or misspelled section "Main", variable "fileDataSource"',
    'line 2: did you mean "fileDataSource" in [OfflineMode]?',
  ],
  [
    "[Main]\ndisableInternalUsageMetrics",
    'line 2: unsupported or misspelled section "Main", variable "disableInternalUsageMetrics"',
    "line 2: see docs/settings.md for all names",
  ],
  ["[Offline]", 'line 1: unsupported or misspelled section "Offline"', "line 1: did you mean [OfflineMode]?"],
  [
    "[Sockets]\na=b",
    'line 1: unsupported or misspelled section "Sockets"',
    "line 1: see docs/settings.md for all names",
  ],
  [
    '[Main "a"]',
    'line 1: unsupported or misspelled section "Main", subsection "a"',
    "line 1: write [Main]",
  ],
  [
    "[Redis]\nenabled=true",
    'line 2: unsupported or misspelled section "Redis", variable "enabled"',
    'line 2: did you mean "enabled" in [Prometheus]?',
  ],
  [
    "[Main]\nport = x\nPORT = 0\nport",
    'line 2: not a valid integer at section "Main", variable "port", ' +
    'line 3: value must be greater than zero at section "Main", variable "port", ' +
    'line 4: blank value not supported for type at section "Main", variable "port"',
    "--help describes each setting",
  ],
  [
    "[main]\nTLSENABLED = \n[Events]\nflushInterval=5\n[typo]",
    'line 2: not a valid boolean value (must be true/false, yes/no, or 0/1) at section "Main", variable "TLSENABLED", ' +
    'line 4: not a valid duration (must use format "1ms", "1s", "1m", etc.) at section "Events", variable "flushInterval", ' +
    'line 5: unsupported or misspelled section "typo"',
    "line 5: see docs/settings.md for all names",
  ],
  [
    "[AutoConfig]\nrel-0123-4567",
    'line 2: unsupported or misspelled section "AutoConfig", variable "rel..."',
    "line 2: see docs/settings.md for all names",
  ],
  [
    new Uint8Array(1024 ** 2 + 1),
    "file has 1048577 bytes, more than the 1048576 allowed",
    "check the path",
  ],
];

Deno.test("loadSettings() refuses a file that it cannot understand, with every line that is wrong", () => {
  for (const [file, reason, hint] of UNREADABLE) {
    assertEquals(refusal({ file }), [
      "file",
      `failed to read configuration file "relay.conf": ${reason}`,
      hint,
    ]);
  }
});

const BAD_VARIABLES: [env: Record<string, string>, message: string, hint: string][] = [
  [
    { PORT: "x", HEARTBEAT_INTERVAL: "15", USE_DATADOG: "maybe", TLS_ENABLED: "1" },
    'PORT: not a valid integer, HEARTBEAT_INTERVAL: not a valid duration (must use format "1ms", "1s", "1m", etc.), ' +
    "USE_DATADOG: not a valid boolean value (must be true/false, yes/no, or 0/1)",
    "--help describes each setting",
  ],
  [
    { EVENTS_SAMPLING_INTERVAL: "1" },
    "EVENTS_SAMPLING_INTERVAL: this variable is no longer supported",
    "unset EVENTS_SAMPLING_INTERVAL",
  ],
];

Deno.test("loadSettings() collects what is wrong with environment variables before it looks at them together", () => {
  for (const [env, message, hint] of BAD_VARIABLES) {
    assertEquals(refusal({ env }), ["environment", message, hint]);
  }
  assertEquals(load({ env: { FILE_DATA_SOURCE: "f", EVENTS_SAMPLING_INTERVAL: "" } }).warnings, []);
});
