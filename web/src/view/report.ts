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

/** At most 32 x 32 numbers of an array; null for what is no finite number. */
export interface Summary {
  cells: (number | null)[][];
  whole: boolean;
  lowest: number | null;
  highest: number | null;
}

export interface Use {
  step: number;
  times: number;
  copied: number[];
  summed: number[];
  wider: boolean;
  narrower: boolean;
  missing: boolean;
  way_back: string;
}

export interface Step {
  name: string;
  cell?: number;
  line: number | null;
  source?: string;
  op: string;
  shape: number[];
  inputs: string[];
  uses?: Use[];
  returned?: boolean;
  row?: number | null;
  written?: { source: string; span: [number, number] | null } | null;
  value: Summary | null;
  gradient: Summary | null;
  answer?: Summary | null;
}

export interface Finding {
  name: string;
  done: string;
  seen: string;
  wrong: boolean;
}

/** `ok` is null where nothing was judged: a forward, or what was derived from it, is only shown. */
export interface Report {
  ok: boolean | null;
  name?: string;
  file: string;
  error?: string;
  referee?: string;
  dtype?: string;
  seconds?: number;
  roots?: string[];
  notes?: string[];
  findings?: Finding[];
  rows?: Row[];
  program?: Step[];
}

/** A file with several problems. */
export interface Reports {
  problems: Report[];
}

export const reportsIn = (given: unknown): Report[] => {
  const found = typeof given === "string" ? JSON.parse(given) : given;
  if (!found) return [];
  return "problems" in found ? (found as Reports).problems : [found as Report];
};
