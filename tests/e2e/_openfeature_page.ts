/**
 * OpenFeature's web SDK and its provider for OFREP: a bundler makes one script for browsers of them.
 *
 * @module
 */
export { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
export * from "@openfeature/web-sdk";
