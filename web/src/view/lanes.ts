/** Where the lines run: each in a lane of the gutter that no other line needs there. */

export interface Span {
  from: number;
  to: number;
}

/** A lane for each span, counted from the one next to the rows; short spans get the near ones. */
export const lanesFor = (spans: Span[]): number[] => {
  const lanes: number[] = spans.map(() => 0);
  const taken: Span[][] = [];
  const shortFirst = spans.map((_, i) => i).sort((a, b) => length(spans[a]) - length(spans[b]));
  for (const i of shortFirst) {
    const span = spans[i] as Span;
    const free = taken.findIndex((lane) => lane.every((other) => !overlap(span, other)));
    const lane = free < 0 ? taken.length : free;
    lanes[i] = lane;
    taken[lane] = [...(taken[lane] ?? []), span];
  }
  return lanes;
};

const length = (span: Span | undefined) => (span ? span.to - span.from : 0);

const overlap = (a: Span, b: Span) => a.from < b.to && b.from < a.to;
