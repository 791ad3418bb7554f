/** The report as marks in the text: one squiggle a mistake, never a flood. */
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Report } from "../view/report";
import type { PlacedRow, Verdict } from "./data";

/** Where a row's mistake stands, as far as the text has that place. */
function range(row: PlacedRow, text: Text): { from: number; to: number } | undefined {
  if (row.line === null || row.line < 1 || row.line > text.lines) return undefined;
  const at = (line: number, column: number) => {
    const found = text.line(Math.min(line, text.lines));
    // The server counts characters; a text here counts what JavaScript calls characters.
    return found.from + [...found.text].slice(0, column).join("").length;
  };
  if (row.part) {
    const { line, column, end_line, end_column } = row.part;
    return { from: at(line, column), to: at(end_line, end_column) };
  }
  const line = text.line(row.line);
  return { from: line.from + line.text.search(/\S|$/), to: line.to };
}

export function diagnostics(verdict: Verdict, text: Text): Diagnostic[] {
  if (verdict.error) return ofError(verdict.error, text);
  const { report, said } = verdict;
  if (!report || !said) return [];
  const found: Diagnostic[] = [];
  for (const root of said.roots) {
    const row = rowAt(report, root.names[0] ?? "", root.line);
    const place = row && range(row, text);
    if (place)
      found.push({
        ...place,
        severity: "error",
        message: [root.headline, ...root.details].join("\n"),
        source: root.code ?? "",
      });
  }
  return found;
}

const rowAt = (report: Report, name: string, line: number | null): PlacedRow | undefined =>
  report.rows?.find((row) => row.name === name && row.line === line);

/** What kept a file from being judged names its line as `file.py:80: ...`. */
function ofError(error: string, text: Text): Diagnostic[] {
  const line = Number(error.match(/\.py:(\d+)/)?.[1]);
  if (!line || line > text.lines) return [];
  const { from, to } = text.line(line);
  return [{ from, to, severity: "error", message: error }];
}
