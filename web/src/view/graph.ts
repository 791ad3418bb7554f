/** How the steps of forward hang together, and in which order they are drawn. */
import type { Row, Step, Use } from "./report";

/** `value` is read by `user`: gradients come back the other way. */
export interface Edge {
  value: number;
  user: number;
  use: Use;
}

const plain = (step: number): Use => ({
  step,
  times: 1,
  copied: [],
  summed: [],
  wider: false,
  narrower: false,
  missing: false,
  way_back: "",
});

/** What a step was computed from; where no uses are told, the last steps that have these names. */
const usesOf = (program: Step[], user: number): Use[] => {
  const step = program[user] as Step;
  if (step.uses) return step.uses;
  const before = program.slice(0, user);
  return step.inputs
    .map((name) => before.findLastIndex((each) => each.name === name))
    .filter((found) => found >= 0)
    .map(plain);
};

export const edgesOf = (program: Step[]): Edge[] =>
  program.flatMap((_, user) =>
    usesOf(program, user).map((use) => ({ value: use.step, user, use })),
  );

/** The steps in the order of forward, each input just before it is first used: lines stay short. */
export const inReadingOrder = (program: Step[], edges: Edge[]): number[] => {
  const first = new Map<number, number>();
  for (const edge of edges) {
    if (!first.has(edge.value)) first.set(edge.value, edge.user);
  }
  const place = (i: number) =>
    program[i]?.op === "input" ? (first.get(i) ?? program.length) - 0.5 : i;
  return program.map((_, i) => i).sort((a, b) => place(a) - place(b) || a - b);
};

export const rowOf = (step: Step, rows: Row[]): Row | undefined => {
  if (step.row === undefined) return rows.find((row) => row.name === step.name);
  return step.row === null ? undefined : rows[step.row];
};

/** How a gradient stands: what is at fault is lit, what only reads it is in its shade. */
export type Standing = "none" | "right" | "inherited" | "root" | "unjudged";

export const standingOf = (row: Row | undefined, roots: string[]): Standing => {
  if (!row) return "none";
  switch (row.verdict) {
    case "exact":
    case "rounding":
      return "right";
    case "inherited":
      return "inherited";
    case "unjudged":
      return "unjudged";
    default:
      return row.mistake || row.verdict === "missing" || roots.includes(row.name)
        ? "root"
        : "inherited";
  }
};
