/** The view in a place of the page, and the model that it asks. */
import { useEffect, useRef } from "preact/hooks";
import { persistently } from "./loading";

/** What the view asks: the form that anywidget has. */
export class ViewModel {
  private values: Map<string, unknown>;
  private callbacks = new Map<string, Set<() => void>>();

  constructor(values: [string, unknown][] = []) {
    this.values = new Map(values);
  }

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

export function ViewShown({ model }: { model: ViewModel }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let gone = false;
    let clear: (() => void) | undefined;
    void persistently(() => import("../view/index")).then(({ default: view }) => {
      if (!gone && place.current) clear = view.render({ model, el: place.current });
    });
    return () => {
      gone = true;
      clear?.();
    };
  }, [model]);
  return <div ref={place} />;
}
