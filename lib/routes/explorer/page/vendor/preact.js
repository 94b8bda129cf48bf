// Where the package's own file is served. This one is for editors and the type checker, and is never sent.
export * from "preact";
