/** What is derived for a forward: the backward step by step, and its closed form. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { DerivedStep } from "../view/derivation";
import type { Derived, DerivedBackward } from "./data";
import { setFormulas } from "./math";

export function DerivedShown({ derived }: { derived: Derived | undefined }) {
  if (!derived) return <p class="quiet">Deriving ...</p>;
  const { derivation, closed, error } = derived;
  return (
    <>
      {error ? <p class="notice">It can't be derived: {error}</p> : null}
      {derivation ? (
        <Backward title="The derived backward" found={derivation} said={derived.costs ?? []} />
      ) : null}
      {closed ? (
        <Backward title="Its closed form" found={closed} said={derived.ending ?? []} open />
      ) : derivation && !derived.last ? (
        <p class="quiet">Looking for its closed form ...</p>
      ) : null}
    </>
  );
}

function Backward({
  title,
  found,
  said,
  open = false,
}: {
  title: string;
  found: DerivedBackward;
  said: string[];
  open?: boolean;
}) {
  return (
    <section class="derived">
      <header>
        <h2>{title}</h2>
        <Copy text={found.source} />
      </header>
      <pre class="wrapped">{found.source}</pre>
      {said.length ? <p class="quiet">{said.join(" ")}</p> : null}
      {found.notes.map((note) => (
        <p class="quiet" key={note}>
          {note}
        </p>
      ))}
      <details open={open}>
        <summary>How it comes about</summary>
        {found.steps.map((step, i) => (
          <Step key={`${step.name} ${i}`} step={step} />
        ))}
      </details>
    </section>
  );
}

function Step({ step }: { step: DerivedStep }) {
  const place = useRef<HTMLDivElement>(null);
  const latex = step.formulas.map((each) => each.latex).join("\n");
  useEffect(() => {
    if (!place.current) return;
    place.current.replaceChildren(...step.formulas.flatMap(lines));
    void setFormulas(place.current);
  }, [latex]);
  return (
    <div class="step">
      {step.name ? <h3>d{step.name}</h3> : null}
      <div ref={place} />
      <pre class="wrapped">{step.code}</pre>
    </div>
  );
}

/** A formula, with what allows it above it. */
function lines({ why, latex, depth }: DerivedStep["formulas"][number]): HTMLElement[] {
  const formula = document.createElement("div");
  formula.className = "formula display";
  formula.dataset.latex = latex;
  formula.style.marginLeft = `${depth * 1.5}rem`;
  if (!why) return [formula];
  const reason = document.createElement("p");
  reason.className = "reason";
  reason.textContent = why;
  return [reason, formula];
}

function Copy({ text }: { text: string }) {
  const [done, set] = useState(false);
  return (
    <button
      type="button"
      onClick={async () => {
        await navigator.clipboard.writeText(text);
        set(true);
      }}
    >
      {done ? "Copied" : "Copy"}
    </button>
  );
}
