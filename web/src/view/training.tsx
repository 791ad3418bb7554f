/** Training as it goes on: the loss as a line, and samples as they come. */
import { useEffect, useRef, useState } from "preact/hooks";

export interface Training {
  /** Pairs of a step and the loss there. */
  losses: [number, number][];
  samples?: string[];
}

const SPOKEN_EVERY = 10_000; // ms
const WIDE = 480;
const HIGH = 140;
const INSET = 4;

export const TrainingShown = ({ training }: { training: Training }) => {
  const last = training.losses.at(-1);
  const spoken = useNowAndThen(last ? said(last) : "");
  return (
    <section class="bh-training">
      <h2>Training</h2>
      {last && (
        <>
          <p>{said(last)}</p>
          <p class="bh-hidden" role="status">
            {spoken}
          </p>
          <Curve losses={training.losses} />
        </>
      )}
      {training.samples && training.samples.length > 0 && (
        <p class="bh-samples">
          {training.samples.map((sample) => (
            <code>{sample} </code>
          ))}
        </p>
      )}
    </section>
  );
};

const said = ([step, loss]: [number, number]): string =>
  `Step ${step.toLocaleString("en")}: the loss is ${loss.toFixed(4)}.`;

/** A text that changes all the time, as often as it can be listened to. */
const useNowAndThen = (text: string): string => {
  const [shown, show] = useState(text);
  const since = useRef(Date.now());
  useEffect(() => {
    const wait = Math.max(0, since.current + SPOKEN_EVERY - Date.now());
    const timer = setTimeout(() => {
      since.current = Date.now();
      show(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return shown;
};

const Curve = ({ losses }: { losses: [number, number][] }) => {
  const steps = losses.map(([step]) => step);
  const values = losses.map(([, loss]) => loss).filter(Number.isFinite);
  const [first, end] = [Math.min(...steps), Math.max(...steps)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (step: number) => INSET + ((WIDE - 2 * INSET) * (step - first)) / (end - first || 1);
  const y = (loss: number) => INSET + ((HIGH - 2 * INSET) * (high - loss)) / (high - low || 1);
  const points = losses
    .filter(([, loss]) => Number.isFinite(loss))
    .map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`);
  return (
    <figure class="bh-curve">
      <svg
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        role="img"
        aria-label={`the loss, from ${high.toFixed(3)} down to ${low.toFixed(3)}`}
      >
        <polyline points={points.join(" ")} />
      </svg>
      <figcaption>
        the loss between {low.toFixed(3)} and {high.toFixed(3)}, steps {first} to {end}
      </figcaption>
    </figure>
  );
};
