/** One entry of the glossary, by the anchor that a reading links to. */
export interface Term {
  name: string;
  text: string;
}

export function termOf(glossary: string, anchor: string): Term | undefined {
  for (const part of glossary.split(/^## /m).slice(1)) {
    const [name = "", ...rest] = part.split("\n");
    if (anchorOf(name) !== anchor) continue;
    // Where it is explained, and its other forms, are for the author.
    const text = rest.join("\n").replace(/^\s*Explained in .*$/m, "");
    return { name, text: text.trim() };
  }
  return undefined;
}

const anchorOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(" ", "-")
    .replace(/[^\w-]/g, "");
