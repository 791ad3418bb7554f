/** Playing: the steps of forward one after the other, then their gradients the other way. */

/** How far it has come: so many steps of forward, so many gradients; null: all is shown. */
export type Moment = number | null;

export interface Shown {
  /** How many steps of forward have run. */
  forward: number;
  /** How many gradients have come back. */
  backward: number;
  /** The place, in reading order, of what is just being computed. */
  at: number;
}

export const shownAt = (moment: Moment, steps: number): Shown | null => {
  if (moment === null) return null;
  const forward = Math.min(moment + 1, steps);
  const backward = Math.max(0, moment + 1 - steps);
  return { forward, backward, at: backward ? steps - backward : forward - 1 };
};

/** The moment after this one; after the last all is shown. */
export const next = (moment: Moment, steps: number): Moment => {
  if (moment === null) return 0;
  return moment + 1 < 2 * steps ? moment + 1 : null;
};

/** The moment before this one; before all is shown, the last gradient comes. */
export const previous = (moment: Moment, steps: number): Moment => {
  if (moment === null) return 2 * steps - 1;
  return moment > 0 ? moment - 1 : null;
};
