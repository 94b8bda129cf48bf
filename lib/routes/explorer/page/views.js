// The views that are loaded after the first one, which so is shown sooner.
export { Connections as connections } from "./connections.js";
export { Diff as diff } from "./diff.js";
export { Evaluate as evaluate } from "./evaluate.js";
export { Item as item } from "./item.js";
export { Overrides as overrides } from "./overrides.js";
export { Sdk as sdk } from "./sdk.js";
