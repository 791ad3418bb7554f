/** A message in which code stands between backticks. */
export const Prose = ({ text }: { text: string }) => (
  <>{text.split("`").map((part, i) => (i % 2 ? <code>{part}</code> : part))}</>
);
