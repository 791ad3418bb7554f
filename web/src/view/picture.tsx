/** Forward going down and backward coming up beside it, and the step that is selected. */
import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import type { Derivation } from "./derivation";
import { Detail } from "./detail";
import { folded } from "./fold";
import { type Edge, edgesOf, inReadingOrder, rowOf, standingOf } from "./graph";
import { Gutter } from "./gutter";
import { Legend } from "./heat";
import { next, previous, shownAt } from "./moments";
import { MomentsBar } from "./moments-bar";
import { usePlaces } from "./places";
import { type Act, BEGINNING, readingAfter, selectedIn } from "./reading";
import type { Report } from "./report";
import { type Cell, spotIn } from "./spot";
import { Rows } from "./steps";
import type { Typesetting } from "./typesetting";

const BESIDE = 900; // pixels from which on there is room beside the rows
const NARROW = 560;
const MOST = 16; // rows that are read at once
const MOST_IF_NARROW = 8;

const ARROWS: Record<string, Act> = {
  ArrowRight: { kind: "play", to: next },
  ArrowLeft: { kind: "play", to: previous },
  ArrowDown: { kind: "walk", by: 1 },
  ArrowUp: { kind: "walk", by: -1 },
};

const NAME_OF = (step: number) => `[data-step="${step}"] .bh-name`;

interface PictureProps {
  report: Report;
  derivation: Derivation | undefined;
  math: Typesetting | undefined;
  pointed: string | undefined;
  cell: Cell | undefined;
  /** Whether it is the only picture: then it may have the arrow keys that nothing else wants. */
  alone: boolean;
}

export const Picture = ({ report, derivation, math, pointed, cell, alone }: PictureProps) => {
  const program = report.program ?? [];
  const roots = report.roots ?? [];
  const edges = useMemo(() => edgesOf(program), [report]);
  const order = useMemo(() => inReadingOrder(program, edges), [report]);
  const standings = program.map((step) => standingOf(rowOf(step, report.rows ?? []), roots));
  const toMend = program.findIndex((step, i) => standings[i] === "root" && roots[0] === step.name);
  const told = derivation?.steps.findLast((step) => step.name)?.name;
  const explained = program.findIndex((step) => step.name === told);
  const first = [toMend, explained].find((step) => step >= 0) ?? order.at(-1) ?? 0;
  const [reading, act] = useReducer(readingAfter(order, first), BEGINNING);
  const figure = useRef<HTMLDivElement>(null);
  const { width, height, middles } = usePlaces(figure, program.length);

  const shown = shownAt(reading.moment, order.length);
  const selected = selectedIn(reading, order, first);
  const lit = program.findLastIndex((step) => step.name === pointed || `d${step.name}` === pointed);
  const keep = new Set([selected, lit, ...reading.opened, ...ends(edges)]);
  const most = width < NARROW ? MOST_IF_NARROW : MOST;
  const items = folded(order, standings, keep, most);
  const runs = items.some((item) => item.kind === "run");

  const follow = useRef(false); // whether the focus goes where the reader goes
  useEffect(() => {
    if (follow.current) figure.current?.querySelector<HTMLElement>(NAME_OF(selected))?.focus();
    follow.current = false;
  }, [reading]);
  const onKeyDown = (event: KeyboardEvent) => {
    const done = ARROWS[event.key];
    const scrolls = event.target instanceof Element && event.target.matches(".bh-numbers");
    if (!done || scrolls || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    follow.current = done.kind === "walk" || Boolean(document.activeElement?.matches(".bh-name"));
    act(done);
  };
  const unfold = (steps: number[]) => {
    follow.current = true;
    act({ kind: "unfold", steps });
  };

  useKeysOfThePage(alone, onKeyDown);
  useEffect(() => {
    const row = figure.current?.querySelector(`[data-step="${lit}"]`);
    row?.scrollIntoView({ block: "center" });
  }, [lit, lit < 0 || width > 0]); // where the rows are is known once the picture has a width
  const walked = (side: "forward" | "backward") => (edge: Edge) => {
    if (!shown) return true;
    const user = order.indexOf(edge.user);
    if (side === "forward") return user < shown.forward;
    return order.indexOf(edge.value) >= order.length - shown.backward;
  };
  const room = width < NARROW ? 44 : 84;
  const gutter = { edges, middles, height, room, lit: selected };
  const beside = width >= BESIDE;
  const detail = (
    <Detail key={selected} {...{ report, program, edges, selected, derivation, math }} />
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move what is focused within
    <div class={`bh-picture ${beside ? "bh-beside" : ""}`} ref={figure} onKeyDown={onKeyDown}>
      <div class="bh-figure">
        {alone && <h2 class="bh-hidden">Forward and backward</h2>}
        <MomentsBar
          {...{ order, program, shown, act }}
          folded={order.length > most ? runs : null}
        />
        <div class="bh-heads" aria-hidden="true">
          <span>forward ↓</span>
          <Legend />
          <span>↑ backward</span>
        </div>
        <div class="bh-drawing">
          {width >= NARROW && <Gutter {...gutter} side="forward" walked={walked("forward")} />}
          <Rows
            {...{ report, program, order, items, edges, standings, selected, lit, shown, unfold }}
            spot={spotIn(program[lit], pointed, cell)}
            select={(step) => act({ kind: "choose", step })}
            below={beside || (reading.chosen === null && !shown) ? null : detail}
          />
          <Gutter {...gutter} side="backward" walked={walked("backward")} />
        </div>
      </div>
      {beside && (
        <aside aria-label={`the selected step${alone ? "" : ` of ${report.name}`}`}>{detail}</aside>
      )}
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
