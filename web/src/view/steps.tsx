/** The rows: what forward made of each step, and how its gradient stands. */
import type { ComponentChildren } from "preact";
import type { Item } from "./fold";
import { type Edge, rowOf, type Standing } from "./graph";
import { Heat } from "./heat";
import type { Shown } from "./moments";
import { Prose } from "./prose";
import type { Report, Step } from "./report";
import type { Spot } from "./spot";
import { fault, MARKS, shape, verdict } from "./words";

export interface RowsProps {
  report: Report;
  program: Step[];
  order: number[];
  items: Item[];
  edges: Edge[];
  standings: Standing[];
  selected: number;
  /** The step that is pointed at from elsewhere; -1 if none is. */
  lit: number;
  /** The number in it that is pointed at. */
  spot: Spot | null;
  shown: Shown | null;
  select: (step: number) => void;
  unfold: (steps: number[]) => void;
  /** What stands below the selected row, where there is no room beside it. */
  below: ComponentChildren;
}

export const Rows = (props: RowsProps) => (
  <ol class="bh-rows">
    {props.items.map((item) =>
      item.kind === "step" ? (
        <StepRow key={item.step} step={item.step} {...props} />
      ) : (
        <Run key={`run-${item.steps[0]}`} steps={item.steps} {...props} />
      ),
    )}
  </ol>
);

const StepRow = ({ step: i, ...props }: RowsProps & { step: number }) => {
  const { report, program, order, standings, selected, shown } = props;
  const step = program[i] as Step;
  const row = rowOf(step, report.rows ?? []);
  const standing = standings[i] ?? "none";
  const place = order.indexOf(i);
  const ran = !shown || place < shown.forward;
  const back = !shown || place >= order.length - shown.backward;
  const spot = i === props.lit ? props.spot : null;
  const lacking = props.edges.filter((edge) => edge.value === i && edge.use.missing);
  const classes = ["bh-row", `bh-${standing}`, i === selected && "bh-selected"];
  if (i === props.lit) classes.push("bh-pointed");
  if (row?.verdict === "missing") classes.push("bh-unwritten");
  if (!ran) classes.push("bh-ahead");
  if (shown?.at === place) classes.push("bh-now");
  return (
    <li class={classes.filter(Boolean).join(" ")} data-step={i}>
      <div class="bh-forward-side">
        <button
          type="button"
          class="bh-name"
          tabIndex={i === selected ? 0 : -1}
          aria-pressed={i === selected}
          onClick={() => props.select(i)}
        >
          <code>{step.name}</code>
          <span class="bh-op">{step.op}</span>
        </button>
        <span class="bh-shape">{shape(step.shape)}</span>
        {ran ? (
          <Heat
            summary={step.value}
            lengths={step.shape}
            name={step.name}
            reachable={i === selected}
            cell={spot && !spot.ofGradient ? spot.cell : undefined}
          />
        ) : (
          <span class="bh-heat" />
        )}
      </div>
      <div class={back ? "bh-backward-side" : "bh-backward-side bh-ahead"}>
        {back ? (
          <Heat
            summary={step.answer ?? step.gradient}
            lengths={step.answer && row?.shape ? row.shape : step.shape}
            name={`d${step.name}`}
            reachable={i === selected}
            cell={spot?.ofGradient ? spot.cell : undefined}
          />
        ) : (
          <span class="bh-heat" />
        )}
        <span class="bh-verdict">
          <code>d{step.name}</code>
          {row && back && (
            <span class="bh-standing">
              {row.verdict === "missing" ? "○" : MARKS[standing]} {verdict(row)}
            </span>
          )}
        </span>
      </div>
      {spot && (
        <p class="bh-spot">
          <code>{spot.name}</code> = {spot.number}
        </p>
      )}
      {back && standing === "root" && row && (
        <p class="bh-fault">
          <Prose text={fault(row)} />.
          {lacking.length > 0 && (
            <span class="bh-lack">
              {" "}
              Nothing comes back from{" "}
              {lacking.map((edge) => `d${program[edge.user]?.name}`).join(", ")}.
            </span>
          )}
        </p>
      )}
      {i === selected && props.below}
    </li>
  );
};

const Run = ({ steps, ...props }: RowsProps & { steps: number[] }) => {
  const names = steps.map((i) => props.program[i]?.name);
  const standing = props.standings[steps[0] ?? 0] === "inherited" ? "inherited" : "right";
  const judged = steps.some((i) => props.standings[i] !== "none");
  return (
    <li class={`bh-row bh-run bh-${standing}`} data-run={steps.join(" ")}>
      <button
        type="button"
        class="bh-name"
        aria-expanded={false}
        onClick={() => props.unfold(steps)}
      >
        <code>▸ {names.join(", ")}</code>
      </button>
      <span class="bh-standing">
        {steps.length} steps
        {judged && `, ${MARKS[standing]} ${standing === "inherited" ? "inherited" : "all right"}`}
      </span>
    </li>
  );
};
