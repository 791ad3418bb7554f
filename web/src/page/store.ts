/** Something with a state that others watch. */
import { useEffect, useState } from "preact/hooks";

export class Store {
  private watchers = new Set<() => void>();

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  protected changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** Draws a component again when the store changes. */
export function useStore<S extends Store>(store: S): S {
  const [, again] = useState(0);
  useEffect(() => store.watch(() => again((n) => n + 1)), [store]);
  return store;
}
