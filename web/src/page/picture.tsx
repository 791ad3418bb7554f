/** The view, fed with the verdict's report. */
import { useEffect, useRef } from "preact/hooks";
import type { Report } from "../view/report";
import { persistently } from "./loading";

/** What the view asks: the form that anywidget has. */
export class PictureModel {
  private values = new Map<string, unknown>([
    ["math", new URL("assets/math.js", location.href).href],
    ["told", true], // the verdict stands below the editor
  ]);
  private callbacks = new Map<string, Set<() => void>>();

  get(name: string): unknown {
    return this.values.get(name);
  }

  set(name: string, value: unknown): void {
    if (this.values.get(name) === value) return;
    this.values.set(name, value);
    for (const call of [...(this.callbacks.get(`change:${name}`) ?? [])]) call();
  }

  on(event: string, callback: () => void): void {
    const there = this.callbacks.get(event) ?? new Set();
    this.callbacks.set(event, there.add(callback));
  }

  off(event: string, callback: () => void): void {
    this.callbacks.get(event)?.delete(callback);
  }
}

export function Picture({ model, report }: { model: PictureModel; report: Report | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  const there = report !== undefined;
  useEffect(() => {
    if (!report) return;
    if (!model.get("report")) model.set("report", report);
    // The verdict's words come first: the picture is drawn when they have been.
    let timer = 0;
    const frame = requestAnimationFrame(() => {
      timer = window.setTimeout(() => model.set("report", report));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [model, report]);
  useEffect(() => {
    if (!there) return;
    let gone = false;
    let clear: (() => void) | undefined;
    void persistently(() => import("../view/index")).then(({ default: view }) => {
      if (!gone && place.current) clear = view.render({ model, el: place.current });
    });
    return () => {
      gone = true;
      clear?.();
    };
  }, [model, there]);
  return (
    <div class="picture">
      {there ? null : <p class="quiet">The picture comes with the first verdict.</p>}
      <div ref={place} />
    </div>
  );
}
