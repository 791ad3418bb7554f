/** What is to be known about the file: where it is saved, and whose text won. */
import type { Document, State } from "./document";

const WORDS: Record<State, string> = {
  opening: "opening ...",
  saved: "saved",
  typing: "not saved yet",
  saving: "saving ...",
  offline: "not saved: no server answers",
  refused: "not saved",
};

export const FileLine = ({ document, file }: { document: Document; file?: string }) => (
  <p class="file">
    {file ? <code>{file}</code> : null}{" "}
    <span class={`state ${document.state}`}>{WORDS[document.state]}</span>
    <span class="spoken" id="editor-keys">
      Tab indents. Escape, then Tab, leaves the editor.
    </span>
  </p>
);

export function Notices({ document }: { document: Document }) {
  const { lost, state, trouble } = document;
  return (
    <div class="notices" role="alert">
      {state === "offline" ? (
        <p class="notice">
          The server doesn't answer. Start it again with the same command: this page finds it, and
          what you type until then is kept in this browser.
        </p>
      ) : null}
      {trouble && state !== "offline" ? <p class="notice">{trouble}</p> : null}
      {lost ? (
        <div class="notice">
          <p>
            The file was changed elsewhere; what it holds now stands here.{" "}
            {lost.kept ? (
              <>
                Your text is kept in <code>{lost.kept}</code>.
              </>
            ) : (
              "Your text from before is kept on this page."
            )}
          </p>
          <details>
            <summary>Show my text</summary>
            <pre class="wrapped">{lost.text}</pre>
          </details>
          <button type="button" onClick={() => document.takeBack()}>
            Put mine back
          </button>{" "}
          <button type="button" class="plain" onClick={() => document.dismiss()}>
            Leave it so
          </button>
        </div>
      ) : null}
    </div>
  );
}
