/** Where KaTeX comes from: from an address that the model has, or, in a notebook, from the kernel. */
import type { Model } from "./model";

export interface Typesetter {
  render(latex: string, el: HTMLElement): void;
}

export type Typesetting = () => Promise<Typesetter>;

/** KaTeX for a model's formulas, loaded when the first is there; undefined where there is none. */
export const typesettingOf = (
  model: Model,
  address: string | undefined,
): Typesetting | undefined => {
  if (address) return () => import(/* @vite-ignore */ address);
  return model.send && (() => fromKernel(model));
};

interface Sent {
  math?: string;
  styles?: string;
}

// Each output of a notebook has a copy of this module: they find here what one of them was sent.
const shared = globalThis as { byhandMath?: Typesetter };

/** Asks for it: as a part of what a notebook keeps it would weigh more than all the rest. */
const fromKernel = (model: Model): Promise<Typesetter> =>
  new Promise((resolve, reject) => {
    if (shared.byhandMath) return resolve(shared.byhandMath);
    const hear = (sent?: Sent) => {
      const { math, styles } = sent ?? {};
      if (!math) return;
      model.off?.("msg:custom", hear);
      taken(math, styles ?? "").then(resolve, reject);
    };
    model.on?.("msg:custom", hear);
    model.send?.({ wants: "math" });
  });

const taken = async (code: string, styles: string): Promise<Typesetter> => {
  if (!shared.byhandMath) {
    const sheet = document.createElement("style");
    sheet.textContent = styles;
    document.head.append(sheet);
    const module = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    shared.byhandMath = (await import(/* @vite-ignore */ module)) as Typesetter;
  }
  return shared.byhandMath;
};
