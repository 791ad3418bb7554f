/** A small heat map of an array, which opens to its numbers on hover or focus. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Summary } from "./report";
import type { Cell } from "./spot";
import { number, range, shape } from "./words";

const WIDE = 64;
const HIGH = 36;
const LARGEST = 9; // of a cell, in pixels

/** Two hues that are told apart on light and dark ground, and by those who see no red or green. */
const POSITIVE = "217 119 6";
const NEGATIVE = "48 116 230";

const ONE: Summary = { cells: [[1]], whole: true, lowest: 1, highest: 1 };
const MINUS_ONE: Summary = { cells: [[-1]], whole: true, lowest: -1, highest: -1 };

interface HeatProps {
  summary: Summary | null | undefined;
  lengths: number[];
  name: string;
  reachable: boolean;
  large?: boolean;
  /** The number that has the full hue; the largest of its own, if not given. */
  full?: number;
  /** The one number that is pointed at. */
  cell?: Cell | undefined;
}

/** The largest number, in size. */
export const largest = (summary: Summary | null | undefined): number =>
  Math.max(0, ...(summary?.cells.flat() ?? []).map((cell) => Math.abs(cell ?? 0)));

export const Heat = ({ summary, lengths, name, reachable, large = false, ...how }: HeatProps) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  const columns = summary?.cells[0]?.length ?? 0;
  if (!summary || !columns) return <div class="bh-heat bh-nothing">–</div>;
  const left = (event: FocusEvent & { currentTarget: HTMLElement }) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button within does the same on focus
    <div
      class="bh-heat"
      onMouseEnter={() => setOpen(true)}
      onMouseLeave={() => setOpen(false)}
      onFocusOut={left}
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
    >
      <button
        type="button"
        class="bh-heat-button"
        tabIndex={reachable ? 0 : -1}
        aria-label={`${name}, ${shape(lengths)}, ${range(summary)}: show its numbers`}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
      >
        <Cells summary={summary} large={large} full={how.full ?? largest(summary)} />
        {how.cell && <Ring cell={how.cell} rows={summary.cells.length} columns={columns} />}
      </button>
      {open && <Numbers id={id} summary={summary} lengths={lengths} name={name} />}
    </div>
  );
};

interface CellsProps {
  summary: Summary;
  large: boolean;
  full: number;
}

const Cells = ({ summary, large, full }: CellsProps) => {
  const ref = useRef<HTMLCanvasElement>(null);
  const rows = summary.cells.length;
  const columns = summary.cells[0]?.length ?? 0;
  const room = large ? 3 : 1;
  const size = Math.min((WIDE * room) / columns, (HIGH * room) / rows, LARGEST * (large ? 2 : 1));
  useEffect(() => {
    const context = ref.current?.getContext("2d");
    if (context) paint(context, summary.cells, full);
  }, [summary, full]);
  return (
    <span
      class="bh-cells"
      style={{ "--wide": Math.max(4, columns * size), "--high": Math.max(4, rows * size) }}
    >
      <canvas ref={ref} width={columns} height={rows} />
      <svg viewBox={`0 0 ${columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="bh-minus" d={size < ROOM ? "" : minuses(summary.cells, full)} />
      </svg>
    </span>
  );
};

const ROOM = 3; // of a cell, in pixels, for a stroke: in smaller ones it would only hide the hue
const SEEN = 0.02; // of the full hue: what has less looks like 0

/** A stroke across each negative cell whose hue is seen, so that its sign is told without it;
 * where cells are too small, their numbers tell it. */
const minuses = (cells: Summary["cells"], full: number): string =>
  cells
    .flatMap((row, y) =>
      row.map((cell, x) => (cell && cell < -SEEN * full ? `M${x + 0.2} ${y + 0.5}h.6` : "")),
    )
    .join("");

/** What the cells of every map say. */
export const Legend = () => (
  <span class="bh-legend">
    <Cells summary={ONE} large={false} full={1} /> positive
    <Cells summary={MINUS_ONE} large={false} full={1} /> negative
  </span>
);

/** Zero is the ground itself; `full` has the full hue. */
const paint = (context: CanvasRenderingContext2D, cells: Summary["cells"], full: number) => {
  context.clearRect(0, 0, cells[0]?.length ?? 0, cells.length);
  cells.forEach((row, y) => {
    row.forEach((cell, x) => {
      if (!cell) return;
      const hue = cell > 0 ? POSITIVE : NEGATIVE;
      context.fillStyle = `rgb(${hue} / ${Math.abs(cell) / full})`;
      context.fillRect(x, y, 1, 1);
    });
  });
};

/** Around one cell of the map. */
const Ring = ({ cell, rows, columns }: { cell: Cell; rows: number; columns: number }) => (
  <span class="bh-ring">
    <span
      style={{
        left: `${(100 * cell[1]) / columns}%`,
        top: `${(100 * cell[0]) / rows}%`,
        width: `${100 / columns}%`,
        height: `${100 / rows}%`,
      }}
    />
  </span>
);

interface NumbersProps {
  id: string;
  summary: Summary;
  lengths: number[];
  name: string;
}

const Numbers = ({ id, summary, lengths, name }: NumbersProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
  <section class="bh-numbers" id={id} tabIndex={0} aria-label={`the numbers of ${name}`}>
    <p>
      <code>{name}</code> {shape(lengths)}, {range(summary)}
      {!summary.whole && "; each number stands for a block, and is the largest in size there"}
    </p>
    <table>
      <tbody>
        {summary.cells.map((row) => (
          <tr>
            {row.map((cell) => (
              <td>{number(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
