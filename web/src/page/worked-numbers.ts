/** Numbers that a reading works: which one is meant, and the way from one to the next. */
import type { Cell } from "../view/spot";

export interface WorkedNumber {
  file: string;
  cell: Cell;
}

/** The number at an element; null where that is none. */
export const workedNumber = (at: EventTarget | null): WorkedNumber | null => {
  const number = (at as Element | null)?.closest<HTMLElement>(".array td");
  const file = number?.closest<HTMLElement>(".numbers")?.dataset.file;
  if (!number || !file) return null;
  return { file, cell: [Number(number.dataset.row), Number(number.dataset.column)] };
};

const STEPS: Record<string, [number, number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
};

/** Arrow keys go from an array's name to its numbers, and from one to the next; Escape leads back.
 * Tells whether the key was one of them. */
export const move = ({ key, target }: KeyboardEvent): boolean => {
  const array = (target as Element).closest(".array");
  const step = STEPS[key];
  if (!array || (!step && key !== "Escape")) return false;
  const at = workedNumber(target)?.cell;
  const name = array.querySelector<HTMLElement>(".name");
  if (!step) name?.focus();
  else {
    const [row, column] = at ? [at[0] + step[0], at[1] + step[1]] : [0, 0];
    const next = `td[data-row="${row}"][data-column="${column}"]`;
    array.querySelector<HTMLElement>(next)?.focus();
  }
  return true;
};
