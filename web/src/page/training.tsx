/** Training what stands in the editor: begun and ended here, drawn by the view as it goes on. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Document } from "./document";
import { ViewModel, ViewShown } from "./view-shown";

export function TrainingPart({ document, offered }: { document: Document; offered: boolean }) {
  const { training } = document;
  const model = useMemo(() => new ViewModel(), []);
  const [refused, refuse] = useState("");
  useEffect(() => model.set("training", training), [training]);
  if (!training && !offered) return null;
  const going = training?.going ?? false;
  const done = (ask: Promise<void>) =>
    ask.then(
      () => refuse(""),
      (error: Error) => refuse(error.message),
    );
  return (
    <section class="training" aria-label="Training">
      <p class="buttons">
        {going ? (
          <button type="button" onClick={() => done(document.stopTraining())}>
            Stop
          </button>
        ) : (
          <button type="button" disabled={!offered} onClick={() => done(document.train())}>
            {training ? "Train again" : "Train it"}
          </button>
        )}
        <span class="quiet" role="status">
          {state(document)}
        </span>
      </p>
      {training?.error || refused ? <p class="notice">{training?.error || refused}</p> : null}
      {training?.losses.length ? <ViewShown model={model} /> : null}
    </section>
  );
}

/** How it stands, in words that change only when that does. */
function state({ training, trainedNow }: Document): string {
  if (!training) return "on 32,000 names, with the gradients of your backward";
  const which = trainedNow ? "" : " This is of the code as it was then.";
  if (!training.going) return training.error ? "It ended." : `It has ended.${which}`;
  if (!training.steps) return "It begins ...";
  return `${training.steps.toLocaleString("en")} steps are planned.${which}`;
}
