// Where the package's own file is served; this one, for Deno, is never sent. The package's types would bring those of browsers.
// @ts-types="./preact.d.mts"
export * from "preact";
