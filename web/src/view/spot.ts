/** One number of the picture that is pointed at from elsewhere, as by a reading. */
import type { Step } from "./report";
import { number } from "./words";

/** Row and column in a map, where all axes but the last are laid out as rows. */
export type Cell = [number, number];

export interface Spot {
  cell: Cell;
  ofGradient: boolean;
  /** The number as forward or backward would ask for it. */
  name: string;
  number: string;
}

/** Which number of a step is meant; null where that isn't in its map by itself. */
export const spotIn = (
  step: Step | undefined,
  pointed: string | undefined,
  cell: Cell | undefined,
): Spot | null => {
  if (!step || !pointed || !cell) return null;
  const ofGradient = step.name !== pointed;
  const summary = ofGradient ? (step.answer ?? step.gradient) : step.value;
  const found = summary?.whole ? summary.cells[cell[0]]?.[cell[1]] : undefined;
  if (found === undefined) return null;
  return { cell, ofGradient, name: pointed + placeIn(step.shape, cell), number: number(found) };
};

/** `[1, 0]`: the place of a cell in an array of this shape. */
const placeIn = (shape: number[], [row, column]: Cell): string => {
  const places: number[] = [column];
  let left = row;
  for (const length of shape.slice(0, -1).reverse()) {
    places.unshift(left % length);
    left = Math.floor(left / length);
  }
  return shape.length ? `[${places.join(", ")}]` : "";
};
