/** Formulas: KaTeX, loaded when the first one is there. */
import { reachedWhereScrolled } from "../view/scrolled";
import { persistently } from "./loading";

let loading: Promise<typeof import("../math/index")> | undefined;

function load() {
  if (!loading) {
    const styles = document.createElement("link");
    styles.rel = "stylesheet";
    styles.href = "assets/math.css";
    document.head.append(styles);
    loading = persistently(() => import("../math/index"));
  }
  return loading;
}

/** Sets every formula in an element, which `markdown` has left as LaTeX. */
export async function setFormulas(place: HTMLElement): Promise<void> {
  const found = [...place.querySelectorAll<HTMLElement>("[data-latex]")];
  if (!found.length) return;
  const { render } = await load();
  for (const each of found) {
    const latex = each.dataset.latex;
    if (latex === undefined) continue;
    delete each.dataset.latex;
    render(latex, each, each.classList.contains("display"));
    reachedWhereScrolled(each);
  }
}
