import { next, previous, type Shown } from "./moments";
import type { Act } from "./reading";
import type { Step } from "./report";
import { playing } from "./words";

interface BarProps {
  order: number[];
  program: Step[];
  shown: Shown | null;
  /** Whether steps are folded; null where there is nothing to fold. */
  folded: boolean | null;
  act: (act: Act) => void;
}

/** Forward and backward, step by step: with these, or with the arrow keys. */
export const MomentsBar = ({ order, program, shown, folded, act }: BarProps) => {
  const step = shown && program[order[shown.at] ?? 0];
  const said =
    shown && step
      ? playing(step, shown.backward === 0, shown.backward || shown.forward, order.length)
      : "";
  return (
    <div class="bh-bar">
      <span class="bh-buttons">
        <button
          type="button"
          onClick={() => act({ kind: "play", to: previous })}
          aria-label="one step back"
        >
          ←
        </button>
        <button
          type="button"
          onClick={() => act({ kind: "play", to: next })}
          aria-label="one step on"
        >
          →
        </button>
        {shown && (
          <button type="button" onClick={() => act({ kind: "play", to: () => null })}>
            show all
          </button>
        )}
        {folded !== null && (
          <button type="button" onClick={() => act({ kind: "all", open: folded })}>
            {folded ? "unfold all" : "fold"}
          </button>
        )}
      </span>
      <span class="bh-quiet" role="status">
        {said || "Play it step by step with the arrow keys ← and →."}
      </span>
    </div>
  );
};
