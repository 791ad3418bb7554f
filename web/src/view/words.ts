/** What the view says, in words: beside every colour and every line. */
import type { Standing } from "./graph";
import type { Report, Row, Step, Summary } from "./report";

export const shape = (lengths: number[] | null | undefined): string =>
  lengths?.length ? lengths.join(" × ") : "one number";

/** Where it stands; nothing where that isn't known. */
export const place = (at: { line: number | null; cell?: number; op?: string }): string => {
  if (at.op === "input") return "an input";
  if (at.line === null) return "";
  return at.cell === undefined ? `line ${at.line}` : `cell ${at.cell}, line ${at.line}`;
};

const VERDICTS: Record<Row["verdict"], string> = {
  exact: "exact",
  rounding: "right",
  inherited: "inherited",
  wrong: "wrong",
  missing: "not written",
  shape: "wrong shape",
  nonfinite: "not finite",
  error: "error",
  unjudged: "not judged",
};

export const verdict = (row: Row): string => VERDICTS[row.verdict];

/** What is the matter with a gradient: `dx` and this are a sentence. */
const MATTERS: Partial<Record<Row["verdict"], string>> = {
  missing: "is not written",
  shape: "has the wrong shape",
  nonfinite: "holds NaN or infinity",
  error: "can't be judged",
  unjudged: "can't be judged",
};

export const matter = (row: Row): string => MATTERS[row.verdict] ?? "is wrong";

export const MARKS: Record<Standing, string> = {
  none: "",
  right: "✓",
  inherited: "↓",
  root: "✗",
  unjudged: "?",
};

export const number = (value: number | null): string => {
  if (value === null) return "none";
  const size = Math.abs(value);
  const plain = value === 0 || (size < 1e5 && size >= 1e-3);
  const said = plain ? String(Number(value.toPrecision(4))) : value.toExponential(2);
  return said.replace("-", "−");
};

export const range = (summary: Summary): string =>
  summary.lowest === summary.highest
    ? `all ${number(summary.lowest)}`
    : `from ${number(summary.lowest)} to ${number(summary.highest)}`;

export const whereItShows = (row: Row): string => {
  if (row.at === null) return "";
  if (typeof row.at === "string") return `it shows with ${row.at}`;
  const sizes = Object.entries(row.at).map(([name, size]) => `${name}=${size}`);
  return `it shows at ${sizes.join(", ")}`;
};

/** How far it is off, where that is known. */
export const error = ({ verdict, max_error, tolerance }: Row): string => {
  if (verdict !== "wrong" || max_error === null || tolerance === null) return "";
  if (max_error <= tolerance) return "";
  const [most, allowed] = [max_error, tolerance].map((value) => value.toExponential(1));
  return `largest error ${most}; rounding explains up to ${allowed}`;
};

/** Half a sentence on a root: what is wrong. */
export const fault = (row: Row): string => row.mistake?.message ?? row.note ?? verdict(row);

/** The verdict on all of it, in one line. */
export const summary = (report: Report): string => {
  if (report.error) return report.error;
  const rows = report.rows ?? [];
  const right = rows.filter((row) => row.verdict === "exact" || row.verdict === "rounding").length;
  if (report.ok === null) return "";
  if (report.ok)
    return rows.length === 1 ? "The gradient is right." : `All ${rows.length} gradients are right.`;
  return `${right} of ${rows.length} ${rows.length === 1 ? "gradient is" : "gradients are"} right.`;
};

export const circumstances = (report: Report): string =>
  [
    report.referee && `judged by ${report.referee}`,
    report.dtype,
    report.seconds === undefined ? "" : `${report.seconds.toFixed(2)} s`,
  ]
    .filter(Boolean)
    .join(" · ");

/** What is just being computed while it plays. */
export const playing = (step: Step, forward: boolean, nth: number, steps: number): string => {
  const way = forward ? "Forward" : "Backward";
  const name = forward ? step.name : `d${step.name}`;
  return `${way} ${nth} of ${steps}: ${name}, ${shape(step.shape)}`;
};
