import { useEffect, useState } from "preact/hooks";

/** The form that anywidget has: the same module serves a notebook, a page and a file. */
export interface Model {
  get(name: string): unknown;
  on?(event: string, callback: (sent?: object) => void): void;
  off?(event: string, callback: (sent?: object) => void): void;
  /** Says something to whom the model is kept for, who may answer on `msg:custom`. */
  send?(message: object): void;
}

/** What the model holds under a name, now and whenever it changes. */
export const useModel = <T>(model: Model, name: string): T | undefined => {
  const [value, set] = useState(() => model.get(name));
  useEffect(() => {
    const changed = () => set(model.get(name));
    changed();
    model.on?.(`change:${name}`, changed);
    return () => model.off?.(`change:${name}`, changed);
  }, [model, name]);
  return (value ?? undefined) as T | undefined;
};
