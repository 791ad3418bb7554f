/** KaTeX, for those who have its address: `model.get("math")`. Its styles are in math.css. */
import katex from "katex";
import "katex/dist/katex.css";

export const render = (latex: string, el: HTMLElement, displayMode = true): void =>
  katex.render(latex, el, { displayMode, fleqn: true, throwOnError: false, strict: false });
