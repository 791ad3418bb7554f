/** The verdict as marks in the text: one squiggle a mistake, never a flood. */
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Root, Verdict } from "./data";

/** Where a mistake stands, as far as the text has that place. */
function range({ line, part }: Root, text: Text): { from: number; to: number } | undefined {
  if (line === null || line < 1 || line > text.lines) return undefined;
  const at = (line: number, column: number) => {
    const found = text.line(Math.min(line, text.lines));
    // The server counts characters; a text here counts what JavaScript calls characters.
    return found.from + [...found.text].slice(0, column).join("").length;
  };
  if (part) return { from: at(part.line, part.column), to: at(part.end_line, part.end_column) };
  const whole = text.line(line);
  return { from: whole.from + whole.text.search(/\S|$/), to: whole.to };
}

export function diagnostics(verdict: Verdict, text: Text): Diagnostic[] {
  if (verdict.error) return ofError(verdict.error, text);
  const found: Diagnostic[] = [];
  for (const root of verdict.said?.roots ?? []) {
    const place = range(root, text);
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

/** What kept a file from being judged names its line as `file.py:80: ...`. */
function ofError(error: string, text: Text): Diagnostic[] {
  const line = Number(error.match(/\.py:(\d+)/)?.[1]);
  if (!line || line > text.lines) return [];
  const { from, to } = text.line(line);
  return [{ from, to, severity: "error", message: error }];
}
