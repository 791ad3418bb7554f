/** The step that is selected: how it is computed, how its gradient comes back, and why. */
import { useState } from "preact/hooks";
import { type Derivation, type Nested, statementsFor, type Worked } from "./derivation";
import { Formulas } from "./formulas";
import { type Edge, rowOf, standingOf } from "./graph";
import { Heat, largest } from "./heat";
import { Prose } from "./prose";
import type { Report, Row, Step, Summary } from "./report";
import type { Typesetting } from "./typesetting";
import { error, fault, MARKS, number, place, range, shape, verdict, whereItShows } from "./words";

interface DetailProps {
  report: Report;
  program: Step[];
  edges: Edge[];
  selected: number;
  derivation: Derivation | undefined;
  math: Typesetting | undefined;
}

export const Detail = ({ report, program, edges, selected, derivation, math }: DetailProps) => {
  const step = program[selected] as Step;
  const row = rowOf(step, report.rows ?? []);
  const comes = edges.filter((edge) => edge.value === selected);
  return (
    <div class="bh-detail">
      <h3>
        <code>{step.name}</code> <span class="bh-quiet">{place(step)}</span>
      </h3>
      {step.source && <pre>{step.source.replace(/\s{2,}#.*/, "")}</pre>}
      <p class="bh-quiet">
        {step.op === "input" ? "" : `${step.op}, `}shape {shape(step.shape)}
      </p>
      <h3>
        <code>d{step.name}</code> {row && <span class="bh-quiet">{place(row)}</span>}
      </h3>
      {row && <Judged row={row} step={step} roots={report.roots ?? []} />}
      <Paths step={step} program={program} comes={comes} />
      {derivation && (
        <Derived program={program} selected={selected} derivation={derivation} math={math} />
      )}
    </div>
  );
};

const Judged = ({ row, step, roots }: { row: Row; step: Step; roots: string[] }) => {
  const standing = standingOf(row, roots);
  const full = Math.max(largest(step.answer), largest(step.gradient)) || 1;
  return (
    <>
      {step.written && <Written written={step.written} />}
      <p class={`bh-judged bh-${standing}`}>
        {MARKS[standing]} <Prose text={standing === "root" ? fault(row) : verdict(row)} />
        {standing === "inherited" && ": the line is right, but reads a gradient that is wrong"}
      </p>
      {error(row) && <p class="bh-quiet">{error(row)}</p>}
      {row.at !== null && <p class="bh-quiet">{whereItShows(row)}</p>}
      {row.note && row.note !== fault(row) && <p class="bh-quiet">{row.note}</p>}
      {row.mistake && (
        <p class="bh-quiet">
          <code>byhand explain {row.mistake.code}</code> tells more.
        </p>
      )}
      {step.answer && (
        <div class="bh-pair">
          <Told
            summary={step.answer}
            lengths={row.shape ?? step.shape}
            name={`d${step.name}`}
            words="what backward gives"
            full={full}
          />
          <Told
            summary={step.gradient}
            lengths={step.shape}
            name={`the true d${step.name}`}
            words="what is right"
            full={full}
          />
        </div>
      )}
    </>
  );
};

interface ToldProps {
  summary: Summary | null;
  lengths: number[];
  name: string;
  words: string;
  full: number;
}

/** A large map with its range; those that stand side by side share what has the `full` hue. */
const Told = ({ words, ...heat }: ToldProps) => (
  <figure>
    <Heat {...heat} reachable large />
    <figcaption>
      {words}
      {heat.summary && `: ${range(heat.summary)}`}
    </figcaption>
  </figure>
);

/** The line of backward, underlined where it is wrong. */
const Written = ({ written }: { written: NonNullable<Step["written"]> }) => {
  const { source, span } = written;
  if (!span) return <pre>{source.replace(/\s{2,}#.*/, "")}</pre>;
  return (
    <pre>
      {source.slice(0, span[0])}
      <span class="bh-wavy">{source.slice(span[0], span[1])}</span>
      {source.slice(span[1])}
    </pre>
  );
};

const Paths = ({ step, program, comes }: { step: Step; program: Step[]; comes: Edge[] }) => {
  if (!comes.length) {
    return (
      <p class="bh-quiet">
        {step.returned
          ? "Forward returns it: backward starts here."
          : "Nothing uses it: its gradient is zero."}
      </p>
    );
  }
  return (
    <>
      <p>
        {comes.length === 1
          ? "It comes back on one path:"
          : `It comes back on ${comes.length} paths, which add up:`}
      </p>
      <ul>
        {comes.map(({ user, use }) => (
          <li class={use.missing ? "bh-missing-path" : ""}>
            from <code>d{program[user]?.name}</code> {use.way_back}
            {use.times > 1 && `; it is read ${use.times} times there`}
            {use.missing && <strong> – missing</strong>}
          </li>
        ))}
      </ul>
    </>
  );
};

interface DerivedProps {
  program: Step[];
  selected: number;
  derivation: Derivation;
  math: Typesetting | undefined;
}

const Derived = ({ program, selected, derivation, math }: DerivedProps) => {
  const [open, setOpen] = useState(false);
  const name = program[selected]?.name ?? "";
  const alike = program.map((_, i) => i).filter((i) => program[i]?.name === name);
  const steps = statementsFor(derivation, name, alike.indexOf(selected), alike.length);
  const read = new Set(steps.flatMap((step) => step.code.match(/[A-Za-z_]\w*/g) ?? []));
  const numbers = (derivation.numbers ?? []).filter(
    (each) => each.part !== "check" && read.has(each.name),
  );
  if (!steps.length) return null;
  return (
    <section class="bh-derived">
      <h3>Derived</h3>
      {steps.map((step) => (
        <>
          {step.remark && <p class="bh-quiet">{step.remark}</p>}
          <Formulas formulas={step.formulas} math={math} />
          <pre>{step.code}</pre>
        </>
      ))}
      {numbers.length > 0 && (
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "without numbers" : "put numbers in"}
        </button>
      )}
      {open && numbers.map((each) => <Numbers worked={each} />)}
    </section>
  );
};

const Numbers = ({ worked }: { worked: Worked }) => (
  <div class="bh-worked">
    <p>
      <code>{worked.code || worked.name}</code> =
    </p>
    <table>
      <tbody>
        {asRows(worked.value).map((row) => (
          <tr>
            {row.map((cell) => (
              <td>
                {cell === null ? number(null) : cell.toFixed(worked.decimals).replace("-", "−")}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** All axes but the last as rows. */
const asRows = (value: Nested): (number | null)[][] => {
  if (!Array.isArray(value)) return [[value]];
  if (value.every((item) => !Array.isArray(item))) return [value as (number | null)[]];
  return value.flatMap(asRows);
};
