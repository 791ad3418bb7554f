/** Where the reader is: how far it has been played, what is selected, what is unfolded. */
import { type Moment, shownAt } from "./moments";

export interface Reading {
  moment: Moment;
  chosen: number | null;
  opened: ReadonlySet<number>;
}

export const BEGINNING: Reading = { moment: null, chosen: null, opened: new Set() };

export type Act =
  | { kind: "play"; to: (moment: Moment, steps: number) => Moment }
  | { kind: "walk"; by: 1 | -1 }
  | { kind: "choose"; step: number }
  | { kind: "unfold"; steps: number[] }
  | { kind: "all"; open: boolean };

/** The step that is selected: what is just played, what was chosen, or else the `first`. */
export const selectedIn = (reading: Reading, order: number[], first: number): number => {
  const shown = shownAt(reading.moment, order.length);
  const playing = shown ? order[shown.at] : undefined;
  const chosen = reading.chosen ?? first;
  return playing ?? (order.includes(chosen) ? chosen : first);
};

/** What becomes of it when the reader does something, with the steps in `order`. */
export const readingAfter =
  (order: number[], first: number) =>
  (reading: Reading, act: Act): Reading => {
    const selected = selectedIn(reading, order, first);
    switch (act.kind) {
      case "play": {
        const moment = act.to(reading.moment, order.length);
        return { ...reading, moment, chosen: selectedIn({ ...reading, moment }, order, selected) };
      }
      case "walk":
        return choosing(reading, order[order.indexOf(selected) + act.by] ?? selected);
      case "choose":
        return choosing(reading, act.step);
      case "unfold":
        return {
          ...choosing(reading, act.steps[0] ?? selected),
          opened: new Set([...reading.opened, ...act.steps]),
        };
      case "all":
        return { ...reading, opened: new Set(act.open ? order : []) };
    }
  };

const choosing = (reading: Reading, step: number): Reading => ({
  moment: null,
  chosen: step,
  opened: new Set([...reading.opened, step]),
});
