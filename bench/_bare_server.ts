/**
 * The least that Deno can do, to compare with: a server that answers with a file given as argument, and on `/stream` begins
 * a stream with it. Prints its port.
 */
const body = await Deno.readFile(Deno.args[0]!);

function stream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(body);
    },
  });
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => void Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
}, (request) => new Response(request.url.endsWith("/stream") ? stream() : body));
