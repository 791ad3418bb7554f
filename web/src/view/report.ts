/** What the view is given: the JSON of `byhand check`. docs/problem-files.md says what it means. */

export type Verdict =
  | "exact"
  | "rounding"
  | "inherited"
  | "wrong"
  | "missing"
  | "shape"
  | "nonfinite"
  | "error"
  | "unjudged";

export interface Row {
  name: string;
  cell?: number;
  line: number | null;
  shape: number[] | null;
  expected_shape: number[] | null;
  verdict: Verdict;
  max_error: number | null;
  tolerance: number | null;
  ulps: number | null;
  at: string | Record<string, number> | null;
  note: string | null;
  mistake: { code: string; message: string } | null;
}

export interface Report {
  ok: boolean;
  file: string;
  referee: string;
  dtype: string;
  seconds: number;
  roots: string[];
  notes: string[];
  rows: Row[];
  program?: Step[];
}

/** At most 32 x 32 numbers of an array; null where one is no finite number. */
export interface Summary {
  cells: (number | null)[][];
  whole: boolean;
  lowest: number | null;
  highest: number | null;
}

export interface Step {
  name: string;
  line: number | null;
  op: string;
  shape: number[];
  inputs: string[];
  value: Summary | null;
  gradient: Summary | null;
}
