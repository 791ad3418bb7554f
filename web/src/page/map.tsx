/** The map of the course: every lesson and exercise, and what is done. */
import { useEffect, useRef } from "preact/hooks";
import type { CourseMap, Standing } from "./data";
import { Dialog } from "./dialog";

export function CourseMapShown({
  course,
  standing,
  current,
  close,
}: {
  course: CourseMap;
  standing: Standing;
  current: string;
  close: () => void;
}) {
  const passed = new Set(standing.passed);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => list.current?.querySelector(".here")?.scrollIntoView({ block: "center" }), []);
  return (
    <Dialog title={course.title} close={close}>
      <Progress course={course} standing={standing} />
      <ol class="map" ref={list}>
        {course.lessons.map((lesson) => (
          <li key={lesson.name}>
            <h3>{lesson.title}</h3>
            <ol>
              {lesson.exercises.map(({ id, number, title }) => (
                <li key={id} class={id === current ? "here" : ""}>
                  <a
                    href={`#${id}`}
                    onClick={close}
                    aria-current={id === current ? "page" : undefined}
                  >
                    <span class="mark" aria-hidden="true">
                      {passed.has(id) ? "✓" : id === current ? "▸" : "·"}
                    </span>
                    <span class="number">{number}</span> {title}
                    {passed.has(id) ? <span class="spoken">, done</span> : null}
                  </a>
                </li>
              ))}
            </ol>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

export function Progress({ course, standing }: { course: CourseMap; standing: Standing }) {
  const total = course.lessons.reduce((n, lesson) => n + lesson.exercises.length, 0);
  const done = standing.passed.length;
  return (
    <p class="progress">
      <progress max={total} value={done} aria-label="Exercises done" />
      <span>
        {done} of {total} done
      </span>
    </p>
  );
}
