/** The course: reading, editor and picture on one screen. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CourseState } from "./course-state";
import type { CourseMap, Exercise, ExerciseName } from "./data";
import { Dialog } from "./dialog";
import type { Document } from "./document";
import { Editor, type EditorHandle } from "./editor";
import { termOf } from "./glossary";
import { CourseMapShown, Progress } from "./map";
import { ofMistake } from "./markdown";
import { FileLine, Notices } from "./notices";
import { Picture, pictureModel } from "./picture";
import { Prose } from "./prose";
import { type Pointing, Reading, Task } from "./reading";
import { get } from "./server";
import { useStore } from "./store";
import { type Tab, Tabs } from "./tabs";
import { TrainingPart } from "./training";
import { VerdictShown } from "./verdict";
import type { ViewModel } from "./view-shown";
import type { WorkedNumber } from "./worked-numbers";

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
  const picture = useMemo(pictureModel, []);
  const worked = useMemo(pictureModel, []); // of the reading's example
  const editor = useRef<EditorHandle>(null);
  const [number, setNumber] = useState<WorkedNumber | null>(null);
  const home = useRef(""); // the step that stands out while nothing else is pointed at

  const pointing = useMemo<Pointing>(
    () => ({
      point: (name) => {
        picture.set("pointed", name ?? home.current);
        worked.set("pointed", name ?? undefined);
      },
      pointAt: (number) => {
        setNumber(number);
        state.glanceAt(number?.file ?? null);
      },
      show: async (name, file) => {
        await state.showExample(file);
        worked.set("pointed", name);
        setTab("picture");
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
    [picture, worked, state],
  );

  const cell = number?.file === state.example?.file ? number?.cell : undefined;
  useEffect(() => worked.set("cell", cell), [cell]);

  useEffect(() => {
    if (!exercise) return;
    window.document.title = `${exercise.number} ${exercise.title}`;
    setTab((before) => (before === "picture" ? "read" : before));
  }, [exercise?.id]);

  if (!course || !standing) return <p class="opening">{trouble || "Opening ..."}</p>;
  const next = course.lessons.flatMap((each) => each.exercises).find((e) => e.id === standing.next);
  const explain = (title: string, page: string) => show({ title, text: ofMistake(page) });
  const goTo = (line: number) => {
    setTab("write");
    requestAnimationFrame(() => editor.current?.goTo(line));
  };
  return (
    <div class="course" data-tab={tab}>
      <header class="bar">
        <button
          type="button"
          class="skip"
          onClick={() => {
            setTab("write");
            requestAnimationFrame(() => editor.current?.focus());
          }}
        >
          To the code
        </button>
        <button type="button" class="to-map" onClick={() => setMapped(true)}>
          <span aria-hidden="true">☰ </span>Course
        </button>
        <Ways course={course} current={document?.id ?? ""} />
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
            {...{ state, document, exercise, picture, worked, editor, goTo, explain, home }}
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

/** The lesson, and the ways to the exercises before and after this one. */
function Ways({ course, current }: { course: CourseMap; current: string }) {
  const all = course.lessons.flatMap((lesson) => lesson.exercises);
  const place = all.findIndex((each) => each.id === current);
  const lesson = course.lessons.find((each) => each.exercises.some(({ id }) => id === current));
  const way = (to: ExerciseName | undefined, sign: string, said: string) =>
    to ? (
      <a href={`#${to.id}`} aria-label={`${said}: ${to.number} ${to.title}`}>
        {sign === "‹" ? `‹ ${to.number}` : `${to.number} ›`}
      </a>
    ) : null;
  return (
    <>
      <p class="where">{lesson?.title}</p>
      <nav class="ways" aria-label="Exercises">
        {way(all[place - 1], "‹", "The one before")}
        {way(all[place + 1], "›", "The one after")}
      </nav>
    </>
  );
}

function Work({
  state,
  document,
  exercise,
  picture,
  worked,
  editor,
  goTo,
  explain,
  home,
  children,
}: {
  state: CourseState;
  document: Document;
  exercise: Exercise;
  picture: ViewModel;
  worked: ViewModel;
  editor: { current: EditorHandle | null };
  goTo: (line: number) => void;
  explain: (code: string, page: string) => void;
  home: { current: string };
  children: preact.ComponentChildren;
}) {
  const { report } = useStore(document);
  const { file, asked } = exercise;
  const { derivation, example } = state;
  useEffect(() => picture.set("derivation", derivation), [derivation]);
  useEffect(() => {
    if (!report) return;
    home.current = report.roots?.[0] ?? asked[0] ?? "";
    picture.set("pointed", home.current);
  }, [report, asked]);
  return (
    <>
      <div class="write">
        <FileLine {...{ document, file }} />
        <Notices document={document} />
        <Editor document={document} label={`Code of ${file}`} handle={editor} />
        <VerdictShown {...{ document, goTo, explain }}>{children}</VerdictShown>
      </div>
      <div class="see" inert={Boolean(example)}>
        <TrainingPart
          document={document}
          offered={Boolean(document.verdict?.trainable && document.verdict.passed)}
        />
        <Picture model={picture} report={report} />
      </div>
      {example ? (
        <div class="see">
          <p class="whose">
            The reading's example, {example.file}.{" "}
            {state.glancing ? (
              "Press the number to keep it here."
            ) : (
              <button type="button" class="small" onClick={() => state.leaveExample()}>
                Back to your file
              </button>
            )}
          </p>
          <Picture model={worked} report={example.report} />
        </div>
      ) : null}
    </>
  );
}
