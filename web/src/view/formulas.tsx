/** Formulas: as the browser sets MathML, or by KaTeX where the model has its address. */
import { useEffect, useRef } from "preact/hooks";
import type { Formula } from "./derivation";
import { reachedWhereScrolled } from "./scrolled";

interface Typesetter {
  render(latex: string, el: HTMLElement): void;
}

export const Formulas = ({ formulas, math }: { formulas: Formula[]; math: string | undefined }) => (
  <div class="bh-formulas">
    {formulas.map((formula) => (
      <>
        {formula.why && <p class="bh-why">{formula.why}</p>}
        <Typeset formula={formula} math={math} />
      </>
    ))}
  </div>
);

const Typeset = ({ formula, math }: { formula: Formula; math: string | undefined }) => {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return undefined;
    let current = true;
    el.innerHTML = `<math display="block">${formula.mathml}</math>`;
    reachedWhereScrolled(el);
    if (math) {
      import(/* @vite-ignore */ math).then((katex: Typesetter) => {
        if (!current) return;
        katex.render(formula.latex, el);
        reachedWhereScrolled(el);
      }, ignored);
    }
    return () => {
      current = false;
    };
  }, [formula, math]);
  return <div ref={ref} class="bh-formula" style={{ paddingLeft: `${formula.depth * 1.5}em` }} />;
};

/** Without KaTeX the formula stands there as the browser sets it. */
const ignored = () => undefined;
