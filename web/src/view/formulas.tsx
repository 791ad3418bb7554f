/** Formulas: as the browser sets MathML, and by KaTeX as soon as that is there. */
import { useEffect, useRef } from "preact/hooks";
import type { Formula } from "./derivation";
import { reachedWhereScrolled } from "./scrolled";
import type { Typesetting } from "./typesetting";

interface FormulasProps {
  formulas: Formula[];
  math: Typesetting | undefined;
}

export const Formulas = ({ formulas, math }: FormulasProps) => (
  <div class="bh-formulas">
    {formulas.map((formula) => (
      <>
        {formula.why && <p class="bh-why">{formula.why}</p>}
        <Typeset formula={formula} math={math} />
      </>
    ))}
  </div>
);

const Typeset = ({ formula, math }: { formula: Formula; math: Typesetting | undefined }) => {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return undefined;
    let current = true;
    el.innerHTML = `<math display="block">${formula.mathml}</math>`;
    reachedWhereScrolled(el);
    math?.().then((katex) => {
      if (!current) return;
      katex.render(formula.latex, el);
      reachedWhereScrolled(el);
    }, ignored);
    return () => {
      current = false;
    };
  }, [formula, math]);
  return <div ref={ref} class="bh-formula" style={{ paddingLeft: `${formula.depth * 1.5}em` }} />;
};

/** Without KaTeX the formula stands there as the browser sets it. */
const ignored = () => undefined;
