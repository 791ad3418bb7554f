import { useLayoutEffect, useState } from "preact/hooks";

export interface Places {
  width: number;
  height: number;
  /** For each step how far its row's middle is from the top; of a folded step its run's. */
  middles: number[];
}

/** How wide the picture is, and where its rows are: lines are drawn between them. */
export const usePlaces = (figure: { current: HTMLElement | null }, steps: number): Places => {
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
  for (const row of rows.querySelectorAll<HTMLElement>(":scope > li")) {
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
