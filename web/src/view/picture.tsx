/** Forward going down and backward coming up beside it, and the step that is selected. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Derivation } from "./derivation";
import { Detail } from "./detail";
import { folded } from "./fold";
import { type Edge, edgesOf, inReadingOrder, rowOf, standingOf } from "./graph";
import { Gutter } from "./gutter";
import { type Moment, next, previous, shownAt } from "./moments";
import { MomentsBar } from "./moments-bar";
import type { Report } from "./report";
import { Rows } from "./steps";

const BESIDE = 900; // pixels from which on there is room beside the rows
const NARROW = 560;
const MOST = 16; // rows that are read at once
const MOST_IF_NARROW = 8;

interface PictureProps {
  report: Report;
  derivation: Derivation | undefined;
  math: string | undefined;
  /** Whether it is the only picture: then it may have the arrow keys that nothing else wants. */
  alone: boolean;
}

export const Picture = ({ report, derivation, math, alone }: PictureProps) => {
  const program = report.program ?? [];
  const roots = report.roots ?? [];
  const edges = useMemo(() => edgesOf(program), [report]);
  const order = useMemo(() => inReadingOrder(program, edges), [report]);
  const standings = program.map((step) => standingOf(rowOf(step, report.rows ?? []), roots));
  const [chosen, choose] = useState<number | null>(null);
  const [moment, setMoment] = useState<Moment>(null);
  const [opened, open] = useState<ReadonlySet<number>>(new Set());
  const figure = useRef<HTMLDivElement>(null);
  const { width, height, middles } = usePlaces(figure, program.length);

  const shown = shownAt(moment, order.length);
  const toMend = program.findIndex((step, i) => standings[i] === "root" && roots[0] === step.name);
  const first = toMend >= 0 ? toMend : (order.at(-1) ?? 0);
  const playing = shown ? order[shown.at] : undefined;
  const selected = Math.min(playing ?? chosen ?? first, program.length - 1);
  const keep = new Set([selected, ...opened, ...ends(edges)]);
  const items = folded(order, standings, keep, width < NARROW ? MOST_IF_NARROW : MOST);

  const focusOn = (step: number) =>
    requestAnimationFrame(() =>
      figure.current?.querySelector<HTMLElement>(`[data-step="${step}"] .bh-name`)?.focus(),
    );
  const select = (step: number) => {
    setMoment(null);
    choose(step);
    open(new Set([...opened, step]));
  };
  const go = (to: Moment) => {
    setMoment(to);
    const at = shownAt(to, order.length)?.at;
    const step = at === undefined ? selected : (order[at] ?? selected);
    choose(step);
    if (document.activeElement?.matches(".bh-name")) focusOn(step);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowRight: next, ArrowLeft: previous }[event.key];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || !(move || by)) return;
    event.preventDefault();
    if (move) {
      go(move(moment, order.length));
    } else if (by) {
      const to = order[order.indexOf(selected) + by];
      if (to === undefined) return;
      select(to);
      focusOn(to);
    }
  };

  useKeysOfThePage(alone, onKeyDown);
  const walked = (side: "forward" | "backward") => (edge: Edge) => {
    if (!shown) return true;
    const user = order.indexOf(edge.user);
    if (side === "forward") return user < shown.forward;
    return order.indexOf(edge.value) >= order.length - shown.backward;
  };
  const gutter = { edges, middles, height, lit: selected };
  const beside = width >= BESIDE;
  const detail = (
    <Detail key={selected} {...{ report, program, edges, selected, derivation, math }} />
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move what is focused within
    <div class={`bh-picture ${beside ? "bh-beside" : ""}`} ref={figure} onKeyDown={onKeyDown}>
      <div class="bh-figure">
        <MomentsBar {...{ moment, order, program, go }} />
        <div class="bh-heads" aria-hidden="true">
          <span>forward ↓</span>
          <span>↑ backward</span>
        </div>
        <div class="bh-drawing">
          {width >= NARROW && <Gutter {...gutter} side="forward" walked={walked("forward")} />}
          <Rows
            {...{ report, program, order, items, edges, standings, selected, shown, select }}
            unfold={(steps) => open(new Set([...opened, ...steps]))}
            below={beside || (chosen === null && !shown) ? null : detail}
          />
          <Gutter {...gutter} side="backward" walked={walked("backward")} />
        </div>
      </div>
      {beside && <aside aria-label="the selected step">{detail}</aside>}
    </div>
  );
};

/** Arrow keys that are pressed where nothing has the focus. */
const useKeysOfThePage = (alone: boolean, onKeyDown: (event: KeyboardEvent) => void) =>
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (alone && event.target === document.body) onKeyDown(event);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });

/** Both ends of every missing path stay in sight. */
const ends = (edges: Edge[]): number[] =>
  edges.filter((edge) => edge.use.missing).flatMap((edge) => [edge.value, edge.user]);

interface Places {
  width: number;
  height: number;
  middles: number[];
}

/** How wide the picture is, and where its rows are: lines are drawn between them. */
const usePlaces = (figure: { current: HTMLElement | null }, steps: number): Places => {
  const [places, set] = useState<Places>({ width: 0, height: 0, middles: [] });
  useLayoutEffect(() => {
    const el = figure.current;
    const rows = el?.querySelector<HTMLElement>(".bh-rows");
    if (!el || !rows) return undefined;
    const measure = () => {
      const found = measured(el, rows, steps);
      set((before) => (same(before, found) ? before : found));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    observer.observe(rows);
    return () => observer.disconnect();
  });
  return places;
};

const measured = (el: HTMLElement, rows: HTMLElement, steps: number): Places => {
  const top = rows.getBoundingClientRect().top;
  const middles: number[] = Array(steps);
  for (const row of rows.children as Iterable<HTMLElement> & HTMLCollection) {
    const box = (row.querySelector(".bh-forward-side, .bh-name") ?? row).getBoundingClientRect();
    const middle = Math.round(box.top - top + box.height / 2);
    for (const step of (row.dataset.step ?? row.dataset.run ?? "").split(" ")) {
      middles[Number(step)] = middle;
    }
  }
  return { width: el.clientWidth, height: rows.offsetHeight, middles };
};

const same = (a: Places, b: Places): boolean =>
  a.width === b.width &&
  a.height === b.height &&
  a.middles.length === b.middles.length &&
  a.middles.every((middle, i) => middle === b.middles[i]);
