import { useMemo } from "preact/hooks";
import type { Derivation } from "./derivation";
import { type Model, useModel } from "./model";
import { Picture } from "./picture";
import { type Report, reportsIn } from "./report";
import type { Cell } from "./spot";
import { type Training, TrainingShown } from "./training";
import { type Typesetting, typesettingOf } from "./typesetting";
import { Notes, Others, Verdict, withoutStep } from "./verdict";

export const View = ({ model }: { model: Model }) => {
  const reports = reportsIn(useModel(model, "report"));
  const derivation = useModel<Derivation>(model, "derivation");
  const training = useModel<Training>(model, "training");
  const printed = useModel<string>(model, "printed");
  const after = useModel<string>(model, "after");
  const address = useModel<string>(model, "math");
  const math = useMemo(() => typesettingOf(model, address), [model, address]);
  const pointed = useModel<string>(model, "pointed");
  const cell = useModel<Cell>(model, "cell");
  const told = useModel<boolean>(model, "told") ?? false;
  return (
    <div class="byhand">
      {printed && <pre>{printed}</pre>}
      {reports.map((report) => (
        <Part
          key={report.name}
          {...{ report, derivation, math, pointed, cell, told }}
          titled={reports.length > 1}
        />
      ))}
      {after && <p class="bh-after">{after}</p>}
      {training && <TrainingShown training={training} />}
    </div>
  );
};

interface PartProps {
  report: Report;
  derivation: Derivation | undefined;
  math: Typesetting | undefined;
  /** A name, or `d` and a name, that is to stand out. */
  pointed: string | undefined;
  /** The place in its array that is meant. */
  cell: Cell | undefined;
  /** Whether the verdict stands elsewhere on the page already. */
  told: boolean;
  titled: boolean;
}

const Part = ({ report, derivation, math, pointed, cell, told, titled }: PartProps) => (
  <section>
    {titled && <h2>{report.name}</h2>}
    {!told && <Verdict report={report} />}
    {report.program && report.program.length > 0 && (
      <Picture {...{ report, derivation, math, pointed, cell }} alone={!titled} />
    )}
    {!told && (
      <>
        <Others rows={withoutStep(report)} roots={report.roots ?? []} />
        <Notes report={report} />
      </>
    )}
  </section>
);
