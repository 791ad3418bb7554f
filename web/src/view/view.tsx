import type { Derivation } from "./derivation";
import { type Model, useModel } from "./model";
import { Picture } from "./picture";
import { type Report, reportsIn } from "./report";
import { type Training, TrainingShown } from "./training";
import { Notes, Others, Verdict, withoutStep } from "./verdict";

export const View = ({ model }: { model: Model }) => {
  const reports = reportsIn(useModel(model, "report"));
  const derivation = useModel<Derivation>(model, "derivation");
  const training = useModel<Training>(model, "training");
  const math = useModel<string>(model, "math");
  return (
    <div class="byhand">
      {reports.map((report) => (
        <Part key={report.name} {...{ report, derivation, math }} titled={reports.length > 1} />
      ))}
      {training && <TrainingShown training={training} />}
    </div>
  );
};

interface PartProps {
  report: Report;
  derivation: Derivation | undefined;
  math: string | undefined;
  titled: boolean;
}

const Part = ({ report, derivation, math, titled }: PartProps) => (
  <section>
    {titled && <h2>{report.name}</h2>}
    <Verdict report={report} />
    {report.program && report.program.length > 0 && (
      <Picture {...{ report, derivation, math }} alone={!titled} />
    )}
    <Others rows={withoutStep(report)} roots={report.roots ?? []} />
    <Notes report={report} />
  </section>
);
