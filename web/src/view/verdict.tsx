/** The verdict on all of it: what screen readers hear when it changes. */
import { standingOf } from "./graph";
import { Prose } from "./prose";
import type { Report, Row } from "./report";
import { circumstances, fault, MARKS, matter, place, shape, summary, verdict } from "./words";

const MOST = 5; // of what is to be mended that is told at once

export const Verdict = ({ report }: { report: Report }) => {
  const toMend = mended(report);
  const more = toMend.length - MOST;
  return (
    <div class="bh-summary">
      <div role="status" aria-live="polite">
        <p class={`bh-outcome ${report.ok === false || report.error ? "bh-root" : ""}`}>
          {report.ok !== null && (report.ok ? MARKS.right : MARKS.root)} {summary(report)}
        </p>
        {toMend.slice(0, MOST).map((row) => (
          <p class="bh-mend">
            {row.line !== null && `${place(row)}: `}
            <code>{row.name === "backward" ? "backward" : `d${row.name}`}</code> {matter(row)}
            <Prose text={told(row) ? `: ${told(row)}.` : "."} />
          </p>
        ))}
        {more > 0 && <p class="bh-mend">and {more} more</p>}
      </div>
      {(report.findings ?? [])
        .filter((finding) => finding.wrong)
        .map((finding) => (
          <p class="bh-mend">
            <strong>{finding.name}</strong>: {finding.done}; {finding.seen}
          </p>
        ))}
    </div>
  );
};

/** The rows to mend, those of the roots first, then what isn't written. */
const mended = (report: Report): Row[] => {
  const rows = report.rows ?? [];
  const roots = report.roots ?? [];
  const found = roots.flatMap((name) =>
    rows.filter((row) => row.name === name && standingOf(row, roots) === "root"),
  );
  return [...found, ...rows.filter((row) => row.verdict === "missing" && !found.includes(row))];
};

/** What is known beyond its verdict. */
const told = (row: Row): string =>
  row.mistake || (row.note && row.verdict !== "missing") ? fault(row) : "";

/** What else there is to know, below the picture. */
export const Notes = ({ report }: { report: Report }) => {
  const said = [
    ...(report.findings ?? [])
      .filter((each) => !each.wrong)
      .map((each) => `${each.name}: ${each.seen}`),
    ...(report.notes ?? []),
  ];
  return (
    <footer class="bh-notes">
      {said.length > 0 && (
        <details>
          <summary>{said.length === 1 ? "1 note" : `${said.length} notes`}</summary>
          <ul>
            {said.map((note) => (
              <li>
                <Prose text={note} />
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="bh-quiet">{circumstances(report)}</p>
    </footer>
  );
};

/** Rows that belong to no step: a statement that raised, or all of them where no steps are known. */
export const Others = ({ rows, roots }: { rows: Row[]; roots: string[] }) => {
  if (!rows.length) return null;
  return (
    <table class="bh-others">
      <thead>
        <tr>
          <th scope="col">gradient</th>
          <th scope="col">line</th>
          <th scope="col">verdict</th>
          <th scope="col">shape</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const standing = standingOf(row, roots);
          return (
            <tr class={`bh-${standing}`}>
              <td>
                <code>{row.name === "backward" ? "backward" : `d${row.name}`}</code>
              </td>
              <td>{row.line ?? ""}</td>
              <td>
                {MARKS[standing]} {verdict(row)}
                {standing === "root" && fault(row) !== verdict(row) && (
                  <Prose text={`: ${fault(row)}`} />
                )}
              </td>
              <td>{row.shape ? shape(row.shape) : ""}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
};

export const withoutStep = (report: Report): Row[] => {
  const program = report.program ?? [];
  const told = new Set(program.map((step) => step.row));
  const names = new Set(program.filter((step) => step.row === undefined).map((step) => step.name));
  return (report.rows ?? []).filter((row, i) => !told.has(i) && !names.has(row.name));
};
