/** Parts of an answer that clients look at. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Headers that a transport may add, or spell in its own way. */
const OWN_HEADERS = new Set(["date", "connection", "keep-alive", "transfer-encoding", "content-length"]);

/** Reads an answer as it stands in the connection; the body is decoded, characters are bytes. */
export function parseAnswer(received: string): Answer {
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  let isChunked = false;
  for (const line of lines) {
    const [name, value] = [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1)];
    if (name === "transfer-encoding") isChunked = true;
    if (!OWN_HEADERS.has(name)) headers[name] = value.trim();
  }
  const body = rest.join("\r\n\r\n");
  return { status: Number(statusLine.split(" ")[1]), headers, body: isChunked ? joinChunks(body) : body };
}

function joinChunks(body: string): string {
  let joined = "";
  for (let rest = body; rest !== "";) {
    const end = rest.indexOf("\r\n");
    const length = parseInt(rest, 16);
    joined += rest.slice(end + 2, end + 2 + length);
    rest = length === 0 ? "" : rest.slice(end + 2 + length + 2);
  }
  return joined;
}

export async function describe(response: Response): Promise<Answer> {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !OWN_HEADERS.has(name)));
  return { status: response.status, headers, body: await response.text() };
}
