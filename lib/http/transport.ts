/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export type Server = Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "shutdown">;

/**
 * Longest queue of connections that wait to be accepted. With Deno's 511, of 2,000 clients that came at once a third was never
 * served. Go's servers take what Linux allows by default, the same. @limit connections: further ones are tried again by the client's system; `net.core.somaxconn` may be lower
 */
export const BACKLOG = 4096;
