/** The form that anywidget has: the same module serves a notebook, a page and a file. */
export interface Model {
  get(name: string): unknown;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}
