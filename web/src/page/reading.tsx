/** What is read: the task, hints one at a time, and the reading of the lesson. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Exercise, Lesson } from "./data";
import { Prose } from "./prose";
import { move, type WorkedNumber, workedNumber } from "./worked-numbers";

export interface Pointing {
  /** Lets a step of the picture stand out. */
  point: (name: string | null) => void;
  /** Lets a number stand out, in the picture of its file; null where none is read. */
  pointAt: (worked: WorkedNumber | null) => void;
  /** Goes to a step of the picture of a file that the reading works in numbers. */
  show: (name: string, file: string) => void;
  term: (anchor: string) => void;
  lesson: (name: string) => void;
}

export function Task({
  exercise,
  hint,
  solution,
  reset,
}: {
  exercise: Exercise;
  hint: () => Promise<void>;
  solution: () => Promise<string | null>;
  reset: () => Promise<void>;
}) {
  const [shown, show] = useState<string | null>();
  const [sure, ask] = useState(false);
  useEffect(() => {
    show(undefined);
    ask(false);
  }, [exercise.id]);
  const given = exercise.hints.length;
  const left = exercise.hint_count - given;
  return (
    <section class="task" aria-labelledby="exercise">
      <h1 id="exercise">
        <span class="number">{exercise.number}</span> {exercise.title}
      </h1>
      <Prose text={exercise.task} />
      {exercise.lacking.length ? (
        <p class="notice">
          This exercise needs {exercise.lacking.join(" and ")}, which isn't installed here:{" "}
          <code>pip install {exercise.lacking.join(" ")}</code>
        </p>
      ) : null}
      {given ? (
        <ol class="hints" aria-label="Hints" aria-live="polite">
          {exercise.hints.map((text) => (
            <li key={text}>
              <Prose text={text} />
            </li>
          ))}
        </ol>
      ) : null}
      <p class="buttons">
        {left ? (
          <button type="button" onClick={() => void hint()}>
            {given ? `Another hint (${given + 1} of ${exercise.hint_count})` : "Give me a hint"}
          </button>
        ) : null}
        <button type="button" class="plain" onClick={async () => show(await solution())}>
          {shown === null ? "Show it all the same" : "A solution"}
        </button>
        <button
          type="button"
          class="plain"
          onClick={() => {
            if (sure) void reset();
            ask(!sure);
          }}
        >
          {sure ? "Yes, start over" : "Start over"}
        </button>
      </p>
      <div aria-live="polite">
        {shown === null ? (
          <p class="quiet">
            It isn't done yet
            {left ? `, and there ${left === 1 ? "is 1 hint" : `are ${left} hints`} left` : ""}.
          </p>
        ) : null}
        {shown ? <pre class="wrapped">{shown}</pre> : null}
        {sure ? (
          <p class="quiet">The file becomes what it was at first; yours is kept beside it.</p>
        ) : null}
      </div>
      {exercise.why ? (
        <details class="why">
          <summary>Why it is right</summary>
          <Prose text={exercise.why} />
        </details>
      ) : null}
    </section>
  );
}

export function Reading({
  lesson,
  number,
  pointing,
}: {
  lesson: Lesson;
  number: string;
  pointing: Pointing;
}) {
  const place = useRef<HTMLElement>(null);
  const ready = useCallback(
    (prose: HTMLElement) => {
      mark(prose, number);
    },
    [number],
  );
  useEffect(() => {
    if (!place.current) return undefined;
    mark(place.current, number);
    return follow(place.current, pointing);
  }, [lesson, number, pointing]);
  return (
    <section class="reading" aria-label={`Reading: ${lesson.title}`} ref={place}>
      <Prose text={lesson.reading} onReady={ready} drop="long" />
    </section>
  );
}

/** Marks the part of a reading that is about an exercise. */
function mark(place: HTMLElement, number: string): void {
  for (const each of place.querySelectorAll<HTMLElement>("[data-exercise]"))
    each.classList.toggle("here", each.dataset.exercise === number);
}

/** Lets what is read, touched or focused stand out in the picture. */
function follow(place: HTMLElement, pointing: Pointing): () => void {
  const named = (target: EventTarget | null) =>
    (target as Element | null)?.closest<HTMLElement>(".array")?.dataset.name ?? null;
  const number = () =>
    place.querySelector(".array td:hover") ?? place.querySelector(".array td:focus");
  const over = (event: Event) => {
    pointing.pointAt(workedNumber(number()));
    const code = (event.target as Element).closest("p code, li code")?.textContent ?? "";
    const name = named(event.target) ?? (/^\w+$/.test(code) ? code : null);
    if (name) pointing.point(name);
  };
  const left = () => pointing.pointAt(workedNumber(number()));
  const click = (event: Event) => {
    const link = (event.target as Element).closest<HTMLElement>("a[data-term], a[data-lesson]");
    if (link) {
      event.preventDefault();
      if (link.dataset.term) pointing.term(link.dataset.term);
      else if (link.dataset.lesson) pointing.lesson(link.dataset.lesson);
      return;
    }
    show((event.target as Element).closest(".array .name, .array td"));
  };
  const show = (shown: Element | null) => {
    const file = shown?.closest<HTMLElement>(".numbers")?.dataset.file;
    const name = named(shown);
    if (!name || !file) return;
    pointing.pointAt(workedNumber(shown));
    pointing.show(name, file);
  };
  const press = (event: KeyboardEvent) => {
    if (move(event)) event.preventDefault();
    else if (event.key === "Enter") show((event.target as Element).closest(".array td"));
  };
  const inSight = new Set<Element>();
  const read = new IntersectionObserver(
    (entries) => {
      if (!place.offsetParent) return; // another part of the page is shown
      for (const { target, isIntersecting } of entries)
        isIntersecting ? inSight.add(target) : inSight.delete(target);
      const arrays = [...place.querySelectorAll<HTMLElement>(".array")];
      const now = arrays.find((each) => inSight.has(each));
      for (const each of arrays) each.classList.toggle("now", each === now);
      if (number()) return; // that is read
      pointing.point(now?.dataset.name ?? null);
      pointing.pointAt(null);
    },
    { rootMargin: "-35% 0px -45% 0px" }, // the middle of the window, where one reads
  );
  const watch = () => {
    for (const each of place.querySelectorAll(".array")) read.observe(each);
  };
  watch();
  place.addEventListener("mouseover", over);
  place.addEventListener("focusin", over);
  place.addEventListener("mouseleave", left);
  place.addEventListener("focusout", left);
  place.addEventListener("click", click);
  place.addEventListener("keydown", press);
  return () => {
    read.disconnect();
    place.removeEventListener("mouseover", over);
    place.removeEventListener("focusin", over);
    place.removeEventListener("mouseleave", left);
    place.removeEventListener("focusout", left);
    place.removeEventListener("click", click);
    place.removeEventListener("keydown", press);
  };
}
