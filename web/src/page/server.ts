/** The server: requests with the token of this page's address, and the stream of what it tells. */

const token = new URLSearchParams(location.search).get("token") ?? "";

const address = (path: string, query: Record<string, string> = {}): string =>
  `${path}?${new URLSearchParams({ ...query, token })}`;

/** A link that the browser follows by itself. */
export const linkTo = (path: string): string => address(path);

/** What the server refused, with its reason. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly answer: Record<string, unknown>,
  ) {
    super(typeof answer.error === "string" ? answer.error : `The server answers ${status}.`);
  }
}

/** Asks for JSON; throws Refused, or TypeError where no server answers. */
async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  const reply = await fetch(url, { cache: "no-store", ...init });
  const text = await reply.text();
  let answer: unknown = {};
  try {
    answer = JSON.parse(text);
  } catch {
    answer = { error: text };
  }
  if (!reply.ok) throw new Refused(reply.status, answer as Record<string, unknown>);
  return answer as T;
}

export const get = <T>(path: string, query: Record<string, string> = {}): Promise<T> =>
  ask<T>(address(path, query));

export const post = <T>(
  path: string,
  body: Record<string, string>,
  keepalive = false,
): Promise<T> =>
  ask<T>(address(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    keepalive,
  });

const EVENTS = ["text", "report", "verdict", "standing", "trouble", "derivation", "training"];
const AGAIN = 1000; // ms between two attempts to reach a server that is gone
const HIDDEN = 10_000; // ms that a page is out of sight before it stops listening

/** Follows what the server tells about a document, for ever; gives a function that ends it.
 *
 * A browser's own attempts to connect again grow rare, and end for good when the server refuses. It
 * has six connections to a server at most, for all its tabs: those out of sight don't keep theirs. */
export function follow(
  document: string,
  hear: (name: string, value: unknown) => void,
  connected: (there: boolean) => void,
): () => void {
  const page = window.document;
  let ended = false;
  let source: EventSource | undefined;
  let timer = 0;
  const connect = () => {
    source = new EventSource(address("api/events", { document }));
    source.onopen = () => connected(true);
    source.onerror = () => {
      source?.close();
      if (ended) return;
      connected(false);
      timer = window.setTimeout(connect, AGAIN);
    };
    for (const name of EVENTS)
      source.addEventListener(name, (event) =>
        hear(name, JSON.parse((event as MessageEvent).data)),
      );
  };
  const sight = () => {
    clearTimeout(timer);
    if (page.hidden) {
      timer = window.setTimeout(() => {
        source?.close();
        source = undefined;
      }, HIDDEN);
    } else if (source === undefined || source.readyState === EventSource.CLOSED) connect();
  };
  page.addEventListener("visibilitychange", sight);
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
    page.removeEventListener("visibilitychange", sight);
  };
}
