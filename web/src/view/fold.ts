/** What is folded where not all steps can be read at once: runs of steps that stand alike. */
import type { Standing } from "./graph";

export type Item = { kind: "step"; step: number } | { kind: "run"; steps: number[] };

const SHORTEST = 3;
const LONGEST = 6; // but where there are very many

/** The steps as they are shown. Those to `keep` stay open, and so does all where `most` suffice. */
export const folded = (
  order: number[],
  standings: Standing[],
  keep: ReadonlySet<number>,
  most: number,
): Item[] => {
  const single = (step: number): Item => ({ kind: "step", step });
  if (order.length <= most) return order.map(single);
  const longest = Math.max(LONGEST, Math.ceil(order.length / most));
  const items: Item[] = [];
  let run: number[] = [];
  const close = () => {
    if (run.length >= SHORTEST) items.push({ kind: "run", steps: run });
    else items.push(...run.map(single));
    run = [];
  };
  const alike = (step: number) => {
    const last = run.at(-1);
    return last === undefined || fades(standings[last]) === fades(standings[step]);
  };
  for (const step of order) {
    if (keep.has(step) || standings[step] === "root") {
      close();
      items.push(single(step));
    } else {
      if (run.length >= longest || !alike(step)) close();
      run.push(step);
    }
  }
  close();
  return items;
};

const fades = (standing: Standing | undefined) => standing === "inherited";
