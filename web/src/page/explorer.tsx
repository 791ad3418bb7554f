/** The explorer: a file, its picture, and what is derived for it. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DerivedShown } from "./derived";
import { Dialog } from "./dialog";
import { Editor, type EditorHandle } from "./editor";
import type { ExplorerState } from "./explorer-state";
import { ofMistake } from "./markdown";
import { FileLine, Notices } from "./notices";
import { Picture, pictureModel } from "./picture";
import { Prose } from "./prose";
import { linkTo } from "./server";
import { useStore } from "./store";
import { type Tab, Tabs } from "./tabs";
import { TrainingPart } from "./training";
import { VerdictShown } from "./verdict";

const TABS: [Tab, string][] = [
  ["write", "Code"],
  ["picture", "Picture"],
  ["read", "Derived"],
];

export function Explorer({ state }: { state: ExplorerState }) {
  const { document, file, copied, derived } = useStore(state);
  useStore(document);
  const [tab, setTab] = useState<Tab>("write");
  const [shown, show] = useState<{ title: string; text: string }>();
  const picture = useMemo(pictureModel, []);
  const editor = useRef<EditorHandle>(null);
  const fitting = derived?.derivation;
  useEffect(() => picture.set("derivation", fitting), [fitting]);
  const { verdict } = document;
  const alone = verdict !== undefined && !verdict.error && verdict.passed === null;
  return (
    <div class="course explorer" data-tab={tab}>
      <header class="bar">
        <h1>{file}</h1>
        <p class="where">
          {copied ? `a copy of ${copied}: what you change here goes with the page` : ""}
        </p>
        <a class="button plain" href={linkTo("api/share")} download>
          Save as one HTML file
        </a>
      </header>
      <Tabs tabs={TABS} tab={tab} choose={setTab} />
      <main>
        <div class="write">
          <FileLine document={document} />
          <Notices document={document} />
          <Editor document={document} label={`Code of ${file}`} handle={editor} />
          {alone ? (
            <section class="verdict none" aria-label="Verdict">
              <p>
                There is no backward here yet. Write one below forward, and it is checked; what can
                be derived is shown beside.
              </p>
            </section>
          ) : (
            <VerdictShown
              document={document}
              goTo={(line) => {
                setTab("write");
                requestAnimationFrame(() => editor.current?.goTo(line));
              }}
              explain={(title, page) => show({ title, text: ofMistake(page) })}
            />
          )}
        </div>
        <div class="see">
          <TrainingPart document={document} offered={Boolean(verdict?.trainable)} />
          <Picture model={picture} report={document.report} />
        </div>
        <div class="read">
          <DerivedShown derived={derived} />
        </div>
      </main>
      {shown ? (
        <Dialog title={shown.title} close={() => show(undefined)}>
          <Prose text={shown.text} />
        </Dialog>
      ) : null}
    </div>
  );
}
