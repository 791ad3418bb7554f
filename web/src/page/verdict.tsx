/** The verdict: what is right, or the line to be mended first. */
import { useEffect, useState } from "preact/hooks";
import type { Root, Verdict } from "./data";
import type { Document } from "./document";

const QUIET = 500; // ms of no change after which a verdict is read out
const UNFINISHED = 700; // ms that a text may be no Python before that is said: it is being typed

interface Actions {
  goTo: (line: number) => void;
  explain: (code: string, page: string) => void;
}

/** The verdict to show: the last one, but for what is only half typed. */
function useShown(document: Document): Verdict | undefined {
  const { verdict } = document;
  const [shown, show] = useState(verdict);
  useEffect(() => {
    const wait = verdict?.error && shown ? UNFINISHED : 0;
    const timer = setTimeout(() => show(verdict), wait);
    return () => clearTimeout(timer);
  }, [verdict]);
  return verdict?.error ? shown : verdict;
}

export function VerdictShown({
  document,
  goTo,
  explain,
  children,
}: Actions & { document: Document; children?: preact.ComponentChildren }) {
  const verdict = useShown(document);
  const fresh = document.fresh && verdict === document.verdict;
  const spoken = useSpoken(fresh && verdict?.last ? sentence(verdict) : undefined);
  const kind = !verdict ? "none" : verdict.passed ? "right" : isWrong(verdict) ? "wrong" : "open";
  return (
    <section class={`verdict ${kind} ${fresh ? "" : "stale"}`} aria-label="Verdict">
      <p class="spoken" role="status" aria-live="polite">
        {spoken}
      </p>
      <div class="said">
        {verdict ? <Said {...{ verdict, goTo, explain }} /> : <p>Checking ...</p>}
        {verdict?.printed && !verdict.error ? (
          <details>
            <summary>What the file printed</summary>
            <pre class="wrapped">{verdict.printed}</pre>
          </details>
        ) : null}
      </div>
      {verdict?.passed && fresh ? <div class="actions">{children}</div> : null}
    </section>
  );
}

function Said({ verdict, goTo, explain }: Actions & { verdict: Verdict }) {
  if (verdict.error)
    return (
      <p>
        <Mark sign="?" /> <strong>It can't be judged yet.</strong> {verdict.error}
      </p>
    );
  const { said } = verdict;
  if (!said) return null;
  if (verdict.passed)
    return (
      <p>
        <Mark sign="✓" /> <strong>Right.</strong> {said.summary}
      </p>
    );
  const [first, ...others] = said.roots;
  return (
    <>
      {first ? <RootSaid root={first} {...{ goTo, explain }} /> : null}
      <p class="quiet">
        {said.summary} {first ? "" : said.next}
      </p>
      {others.length ? (
        <details>
          <summary>{others.length === 1 ? "One more" : `${others.length} more`} after that</summary>
          {others.map((root) => (
            <RootSaid key={root.names.join()} {...{ root, goTo, explain }} />
          ))}
        </details>
      ) : null}
    </>
  );
}

function RootSaid({ root, goTo, explain }: Actions & { root: Root }) {
  const { line, code, page } = root;
  return (
    <div class="root">
      <p>
        <Mark sign="✗" />{" "}
        {line === null ? null : (
          <button type="button" class="link" onClick={() => goTo(line)}>
            Line {line}
          </button>
        )}
        <strong>
          {line === null ? "" : ": "}
          {root.headline}.
        </strong>{" "}
        {code && page ? (
          <button type="button" class="small" onClick={() => explain(code, page)}>
            Explain this mistake
          </button>
        ) : null}
      </p>
      <ul>
        {root.details.map((detail) => (
          <li key={detail}>{detail}</li>
        ))}
      </ul>
    </div>
  );
}

const Mark = ({ sign }: { sign: string }) => (
  <span class="mark" aria-hidden="true">
    {sign}
  </span>
);

const isWrong = (verdict: Verdict): boolean => Boolean(verdict.said?.roots.length);

/** The verdict as a screen reader says it. */
function sentence(verdict: Verdict): string {
  if (verdict.error) return `It can't be judged yet. ${verdict.error}`;
  const { said } = verdict;
  if (!said) return "";
  if (verdict.passed) return `Right. ${said.summary}`;
  const root = said.roots[0];
  const first = root
    ? `${root.line === null ? "" : `Line ${root.line}: `}${root.headline}. ${root.details[0] ?? ""}. `
    : "";
  return `${first}${said.summary} ${root ? "" : said.next}`;
}

/** What is to be read out, once it has stood for a moment. */
function useSpoken(text: string | undefined): string {
  const [spoken, speak] = useState("");
  useEffect(() => {
    if (text === undefined) return;
    const timer = setTimeout(() => speak(text), QUIET);
    return () => clearTimeout(timer);
  }, [text]);
  return spoken;
}
