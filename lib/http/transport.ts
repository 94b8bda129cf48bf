/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export type Server = Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "shutdown">;
