/** The Markdown of readings, tasks and hints as HTML: formulas as LaTeX to be set, worked numbers as
 * tables, links into the course. No HTML in it is taken as such. */
import MarkdownIt from "markdown-it";

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c,
  );

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

markdown.inline.ruler.before("escape", "formula", (state, silent) => {
  if (state.src[state.pos] !== "$") return false;
  const end = state.src.indexOf("$", state.pos + 1);
  if (end <= state.pos + 1 || state.src.slice(state.pos, end).includes("\n\n")) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = state.src.slice(state.pos + 1, end).replace(/\n/g, " ");
  }
  state.pos = end + 1;
  return true;
});

markdown.renderer.rules.formula = (tokens, at) => {
  const alone = tokens.length === 1;
  const latex = escaped(tokens[at]?.content ?? "");
  return `<span class="formula${alone ? " display" : ""}" data-latex="${latex}">${latex}</span>`;
};

markdown.renderer.rules.fence = (tokens, at) => {
  const { info = "", content = "" } = tokens[at] ?? {};
  const [language = "", command = "", ...rest] = info.trim().split(/\s+/);
  if (command === "numbers") return numbers(content, rest[0] ?? "");
  const said = command ? [command, ...rest].join(" ") : "";
  const caption = said ? `<figcaption><code>${escaped(said)}</code></figcaption>` : "";
  const code = `<pre tabindex="0"><code class="${escaped(language)}">${escaped(content)}</code></pre>`;
  return caption ? `<figure class="shown">${code}${caption}</figure>\n` : `${code}\n`;
};

/** Arrays of a worked example, each with its name above it. */
function numbers(block: string, file: string): string {
  const tables: string[] = [];
  for (const found of block.matchAll(/^(\S+)\n((?:[ \n].*\n?)*)/gm)) {
    const name = escaped(found[1] ?? "");
    const rows = (found[2] ?? "")
      .split("\n")
      .filter((line) => line.trim())
      .map((line) => line.trim().split(/\s+/));
    const cells = rows
      .map((row, i) => {
        const one = (number: string, j: number) =>
          `<td data-row="${i}" data-column="${j}" tabindex="-1">${escaped(number.replace("-", "\u2212"))}</td>`;
        return `<tr>${row.map(one).join("")}</tr>`;
      })
      .join("");
    tables.push(
      `<div class="array" data-name="${name}"><button type="button" class="name" ` +
        `title="Show ${name} in the picture; arrow keys lead to its numbers">${name}</button><table><tbody>${cells}</tbody></table></div>`,
    );
  }
  return `<figure class="numbers" data-file="${escaped(file)}">${tables.join("")}</figure>\n`;
}

markdown.renderer.rules.heading_open = (tokens, at) => {
  const { tag = "h2" } = tokens[at] ?? {};
  const text = tokens[at + 1]?.content ?? "";
  const number = text.match(/^(\d+\.\d+)\b/)?.[1];
  // A page has one first heading, and that isn't a reading's.
  const level = Math.min(Number(tag.slice(1)) + 1, 6);
  return `<h${level}${number ? ` data-exercise="${number}"` : ""}>`;
};

markdown.renderer.rules.heading_close = (tokens, at) => {
  const { tag = "h2" } = tokens[at] ?? {};
  return `</h${Math.min(Number(tag.slice(1)) + 1, 6)}>\n`;
};

markdown.renderer.rules.table_open = () => '<div class="wide" tabindex="0"><table>';
markdown.renderer.rules.table_close = () => "</table></div>";

const plainLink = markdown.renderer.renderToken.bind(markdown.renderer);

markdown.renderer.rules.link_open = (tokens, at, options) => {
  const token = tokens[at];
  const href = String(token?.attrGet("href") ?? "");
  const term = href.match(/glossary\.md#([\w-]+)$/)?.[1];
  const lesson = href.match(/(?:^|\/)([\w-]+)\/reading\.md$/)?.[1];
  if (term) token?.attrSet("data-term", term);
  if (lesson) token?.attrSet("data-lesson", lesson);
  if (term || lesson) token?.attrSet("href", `#${term ?? lesson}`);
  else if (/^https?:/.test(href)) {
    token?.attrSet("target", "_blank");
    token?.attrSet("rel", "noreferrer");
  }
  return plainLink(tokens, at, options);
};

export const html = (text: string): string => markdown.render(text);
export const inlineHtml = (text: string): string => markdown.renderInline(text);

/** The page of a mistake as Markdown: its bad and good lines are indented below the words. */
export const ofMistake = (page: string): string => page.replace(/^(\S.*)\n(?= {4})/gm, "$1\n\n");
