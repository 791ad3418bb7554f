/** The uses of values as lines: on the left forward goes down, on the right gradients come up. */
import type { Edge } from "./graph";
import { lanesFor } from "./lanes";

const FIRST = 12; // of the nearest lane, in pixels from the rows
const APART = 8; // between two lanes, where there are few
const CORNER = 5;
const THIN = 1.3;
const WIDE = 5;
const NEAR = 5; // between a row's own middle and where its lines end

interface GutterProps {
  edges: Edge[];
  /** Where the rows are, from the top, for each step; of a folded step it is its run's. */
  middles: number[];
  height: number;
  /** The most pixels across. */
  room: number;
  side: "forward" | "backward";
  lit: number | null;
  /** Whether this edge has been walked. */
  walked: (edge: Edge) => boolean;
}

interface Line {
  edge: Edge;
  top: number;
  bottom: number;
}

export const Gutter = ({ edges, middles, height, room, side, lit, walked }: GutterProps) => {
  const lines = linesOf(edges, middles);
  const lanes = lanesFor(lines.map(({ top, bottom }) => ({ from: top, to: bottom })));
  const count = Math.max(0, ...lanes) + 1;
  const apart = Math.min(APART, (room - FIRST) / count);
  const width = FIRST + count * apart;
  const x = (lane: number) =>
    side === "forward" ? width - FIRST - lane * apart : FIRST + lane * apart;
  const home = side === "forward" ? width : 0;
  return (
    <svg class={`bh-gutter bh-${side}`} width={width} height={height} aria-hidden="true">
      {lines.map(({ edge, top, bottom }, i) => (
        <path
          class={classOf(edge, side, lit, walked(edge))}
          d={ribbon(home, x(lanes[i] ?? 0), top, bottom, ...widths(edge, side))}
        />
      ))}
      {lines.map(({ edge, top, bottom }) => (
        <path
          class={`${classOf(edge, side, lit, walked(edge))} bh-head`}
          d={head(home, side === "forward" ? bottom : top, side)}
        />
      ))}
    </svg>
  );
};

/** A value that is read twice in one step has two lines to it. Between folded steps one line stands
 * for all that run alike. */
const linesOf = (edges: Edge[], middles: number[]): Line[] => {
  const drawn = new Set<string>();
  const open = (step: number) =>
    middles.indexOf(middles[step] ?? 0) === middles.lastIndexOf(middles[step] ?? 0);
  return edges.flatMap((edge) => {
    const [top, bottom] = [middles[edge.value], middles[edge.user]];
    if (top === undefined || bottom === undefined || top >= bottom) return [];
    const way = `${top} ${bottom} ${edge.use.missing}`;
    if (drawn.has(way) && !(open(edge.value) && open(edge.user))) return [];
    drawn.add(way);
    return Array.from({ length: Math.min(2, edge.use.times) }, (_, nth) => ({
      edge,
      top: top + NEAR - 3 * nth,
      bottom: bottom - NEAR + 3 * nth,
    }));
  });
};

/** A copy widens the line towards its user, a sum narrows it. */
const widths = ({ use }: Edge, side: string): [number, number] => {
  if (use.missing && side === "backward") return [0, 0]; // it isn't there: only its outline is
  if (use.wider) return [THIN, WIDE];
  return use.narrower ? [WIDE, THIN] : [THIN, THIN];
};

const classOf = (edge: Edge, side: string, lit: number | null, walked: boolean): string =>
  [
    "bh-line",
    edge.use.wider && "bh-wider",
    edge.use.narrower && "bh-narrower",
    side === "backward" && edge.use.missing && "bh-missing",
    lit !== null && (edge.value === lit || edge.user === lit) && "bh-lit",
    !walked && "bh-ahead",
  ]
    .filter(Boolean)
    .join(" ");

/** A band out of the rows, down a lane and back into the rows, from one width to another. */
const ribbon = (
  home: number,
  lane: number,
  top: number,
  bottom: number,
  start: number,
  end: number,
): string => {
  const out = Math.sign(lane - home); // which way the lane lies
  const corner = Math.min(CORNER, (bottom - top) / 2);
  const edge = (sign: number) => {
    const [a, b] = [(sign * start) / 2, (sign * end) / 2];
    return [
      [home, top - a],
      [lane - out * corner, top - a],
      [lane + out * a, top + corner],
      [lane + out * b, bottom - corner],
      [lane - out * corner, bottom + b],
      [home, bottom + b],
    ] as const;
  };
  const outer = edge(1);
  const inner = edge(-1);
  const bend = (points: typeof outer, turnAt: (from: number) => string) => {
    const [p0, p1, p2, p3, p4, p5] = points;
    return `${p0} L${p1} Q${turnAt(0)} ${p2} L${p3} Q${turnAt(1)} ${p4} L${p5}`;
  };
  const turns = (sign: number) => (which: number) => {
    const w = (sign * (which ? end : start)) / 2;
    return `${lane + out * w},${which ? bottom + w : top - w}`;
  };
  const backward = [...inner].reverse() as unknown as typeof outer;
  const innerTurns = turns(-1);
  return `M${bend(outer, turns(1))} L${bend(backward, (which) => innerTurns(1 - which))}Z`;
};

const head = (home: number, y: number, side: string): string => {
  const inward = side === "forward" ? -1 : 1;
  return `M${home} ${y} l${inward * 6} -3.5 l0 7 Z`;
};
