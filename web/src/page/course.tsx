/** The course: reading, editor and picture on one screen. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CourseState } from "./course-state";
import { Dialog } from "./dialog";
import type { Document } from "./document";
import { Editor, type EditorHandle } from "./editor";
import { termOf } from "./glossary";
import { CourseMapShown, Progress } from "./map";
import { FileLine, Notices } from "./notices";
import { Picture, PictureModel } from "./picture";
import { Prose } from "./prose";
import { type Pointing, Reading, Task } from "./reading";
import { get } from "./server";
import { useStore } from "./store";
import { type Tab, Tabs } from "./tabs";
import { VerdictShown } from "./verdict";

const TABS: [Tab, string][] = [
  ["read", "Reading"],
  ["write", "Code"],
  ["picture", "Picture"],
];

interface Shown {
  title: string;
  text: string;
}

export function Course({ state }: { state: CourseState }) {
  const { course, standing, exercise, lesson, document, trouble } = useStore(state);
  const [tab, setTab] = useState<Tab>("read");
  const [mapped, setMapped] = useState(false);
  const [shown, show] = useState<Shown>();
  const picture = useMemo(() => new PictureModel(), []);
  const editor = useRef<EditorHandle>(null);

  const pointing = useMemo<Pointing>(
    () => ({
      point: (name, go = false) => {
        picture.set("pointed", name);
        if (go) setTab("picture");
      },
      term: async (anchor) => {
        const { text } = await get<{ text: string }>("api/glossary");
        const term = termOf(text, anchor);
        if (term) show({ title: term.name, text: term.text });
      },
      lesson: (name) => {
        const first = state.course?.lessons.find((each) => each.name === name)?.exercises[0];
        if (first) location.hash = `#${first.id}`;
      },
    }),
    [picture, state],
  );

  useEffect(() => {
    if (!exercise) return;
    window.document.title = `${exercise.number} ${exercise.title}`;
    setTab((before) => (before === "picture" ? "read" : before));
  }, [exercise?.id]);

  if (!course || !standing) return <p class="opening">{trouble || "Opening ..."}</p>;
  const next = course.lessons.flatMap((each) => each.exercises).find((e) => e.id === standing.next);
  const explain = async (code: string) => {
    const { text } = await get<{ text: string }>("api/mistake", { code });
    show({ title: code, text });
  };
  const goTo = (line: number) => {
    setTab("write");
    requestAnimationFrame(() => editor.current?.goTo(line));
  };
  return (
    <div class="course" data-tab={tab}>
      <header class="bar">
        <button type="button" class="to-map" onClick={() => setMapped(true)}>
          <span aria-hidden="true">☰ </span>Course
        </button>
        <p class="where">{exercise ? `${exercise.number} ${exercise.title}` : ""}</p>
        <Progress course={course} standing={standing} />
      </header>
      <Tabs tabs={TABS} tab={tab} choose={setTab} />
      <main>
        <div class="read" tabIndex={-1}>
          {exercise ? (
            <Task
              exercise={exercise}
              hint={() => state.hint()}
              solution={() => state.solution()}
              reset={() => state.reset()}
            />
          ) : null}
          {lesson && exercise ? (
            <Reading {...{ lesson, pointing }} number={exercise.number} />
          ) : null}
        </div>
        {document && exercise?.id === document.id ? (
          <Work
            key={document.id}
            {...{ document, picture, editor, goTo, explain }}
            file={exercise.file}
          >
            {next ? (
              <a class="button" href={`#${next.id}`}>
                On to {next.number} {next.title}
              </a>
            ) : (
              <p>That's everything: all exercises are done.</p>
            )}
          </Work>
        ) : null}
      </main>
      {mapped ? (
        <CourseMapShown
          {...{ course, standing }}
          current={exercise?.id ?? ""}
          close={() => setMapped(false)}
        />
      ) : null}
      {shown ? (
        <Dialog title={shown.title} close={() => show(undefined)}>
          <Prose text={shown.text} />
        </Dialog>
      ) : null}
    </div>
  );
}

function Work({
  document,
  file,
  picture,
  editor,
  goTo,
  explain,
  children,
}: {
  document: Document;
  file: string;
  picture: PictureModel;
  editor: { current: EditorHandle | null };
  goTo: (line: number) => void;
  explain: (code: string) => void;
  children: preact.ComponentChildren;
}) {
  useStore(document);
  return (
    <>
      <div class="write">
        <FileLine {...{ document, file }} />
        <Notices document={document} />
        <Editor document={document} label={`Code of ${file}`} handle={editor} />
        <VerdictShown {...{ document, goTo, explain }}>{children}</VerdictShown>
      </div>
      <div class="see">
        <Picture model={picture} report={document.verdict?.report} />
      </div>
    </>
  );
}
