import { type Moment, next, previous, shownAt } from "./moments";
import type { Step } from "./report";
import { playing } from "./words";

interface BarProps {
  moment: Moment;
  order: number[];
  program: Step[];
  go: (moment: Moment) => void;
}

/** Forward and backward, step by step: with these, or with the arrow keys. */
export const MomentsBar = ({ moment, order, program, go }: BarProps) => {
  const steps = order.length;
  const shown = shownAt(moment, steps);
  const step = shown && program[order[shown.at] ?? 0];
  const said =
    shown && step
      ? playing(step, shown.backward === 0, shown.backward || shown.forward, steps)
      : "";
  return (
    <div class="bh-bar">
      <span class="bh-buttons">
        <button
          type="button"
          onClick={() => go(previous(moment, steps))}
          aria-label="one step back"
        >
          ←
        </button>
        <button type="button" onClick={() => go(next(moment, steps))} aria-label="one step on">
          →
        </button>
        {moment !== null && (
          <button type="button" onClick={() => go(null)}>
            show all
          </button>
        )}
      </span>
      <span class="bh-quiet" role="status">
        {said || "Play it step by step with the arrow keys ← and →."}
      </span>
    </div>
  );
};
