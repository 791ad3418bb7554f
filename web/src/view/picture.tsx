import type { Report, Row, Step } from "./report";

/** A row a step: what forward made of it, and how its gradient stands. */
export const Picture = ({ report }: { report: Report }) => (
  <ol class="bh-steps">
    {(report.program ?? []).map((step) => (
      <StepRow step={step} row={report.rows.find((row) => row.name === step.name)} />
    ))}
  </ol>
);

const StepRow = ({ step, row }: { step: Step; row: Row | undefined }) => (
  <li class="bh-step">
    <code>{step.name}</code> {step.op} {step.shape.join(" × ")} {row?.verdict}
  </li>
);
