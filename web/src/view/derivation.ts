/** A derived backward: the JSON of `byhand derive`. */

export interface Formula {
  why: string;
  latex: string;
  mathml: string;
  depth: number;
}

export interface DerivedStep {
  name: string;
  code: string;
  forward: string;
  remark: string;
  formulas: Formula[];
}

/** A line of a worked instance: what was computed, by which code, and what came out. */
export interface Worked {
  part: string;
  name: string;
  code: string;
  decimals: number;
  value: Nested;
}

export type Nested = number | null | Nested[];

export interface Derivation {
  closed: boolean;
  steps: DerivedStep[];
  numbers?: Worked[];
}

/** The statements for the gradient of one of the steps that have this name, of which it is number
 * `binding` of `bound`. Backward runs in reverse. */
export const statementsFor = (
  derivation: Derivation,
  name: string,
  binding: number,
  bound: number,
): DerivedStep[] => {
  const found = derivation.steps.filter((step) => step.name === name);
  if (bound === 1 || found.length !== bound) return found;
  return found.slice(bound - 1 - binding, bound - binding);
};
