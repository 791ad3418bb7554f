/** The editor: CodeMirror, which is loaded when the first text is there. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Editor as CodeMirror } from "./codemirror";
import type { Document } from "./document";
import { persistently } from "./loading";
import { useStore } from "./store";

/** What others may ask of it. */
export interface EditorHandle {
  goTo: (line: number) => void;
  focus: () => void;
}

export function Editor({
  document,
  label,
  handle,
}: {
  document: Document;
  label: string;
  handle?: { current: EditorHandle | null };
}) {
  useStore(document);
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeMirror>();
  const opened = document.state !== "opening";

  useEffect(() => {
    if (!opened) return;
    let made: CodeMirror | undefined;
    let gone = false;
    void persistently(() => import("./codemirror")).then(({ Editor }) => {
      if (gone || !place.current) return;
      made = new Editor(place.current, document.text, label, (text) => document.edit(text));
      setEditor(made);
      if (handle) handle.current = made;
    });
    return () => {
      gone = true;
      made?.destroy();
      setEditor(undefined);
    };
  }, [document, opened, label]);

  useEffect(() => {
    editor?.show(document.text);
  }, [editor, document.replaced]);

  const { verdict, fresh } = document;
  useEffect(() => {
    if (editor && verdict && fresh) editor.mark(verdict);
  }, [editor, verdict, fresh]);

  return (
    <div class="editor" ref={place}>
      {editor ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
        <pre class="before" tabIndex={0}>
          {document.text}
        </pre>
      )}
    </div>
  );
}
