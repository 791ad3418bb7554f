/** Markdown on the page. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { html } from "./markdown";
import { setFormulas } from "./math";

export function Prose({
  text,
  drop = "",
  onReady,
}: {
  text: string;
  /** a class beside the others */
  drop?: string;
  onReady?: (place: HTMLElement) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const made = useMemo(() => html(text), [text]);
  useEffect(() => {
    if (!place.current) return;
    // Set here and not by Preact, which so leaves alone what KaTeX makes of it.
    place.current.innerHTML = made;
    onReady?.(place.current);
    void setFormulas(place.current);
  }, [made, onReady]);
  return <div class={`prose ${drop}`} ref={place} />;
}
