/** A file that is explored: its text, its verdict, what is derived for it. */
import type { Derived } from "./data";
import { Document } from "./document";
import { get } from "./server";
import { Store } from "./store";

export class ExplorerState extends Store {
  file = "";
  /** the model of the zoo that the file is a copy of */
  copied: string | null = null;
  derived: Derived | undefined;
  readonly document = new Document(
    "file",
    "api/save",
    async () => undefined,
    (name, value) => this.hear(name, value),
  );

  async start(): Promise<void> {
    const { file, copied } = await get<{ file: string; copied: string | null }>("api/explorer");
    this.file = file;
    this.copied = copied;
    document.title = `${file} · byhand`;
    this.changed();
  }

  private hear(name: string, value: unknown): void {
    if (name === "derivation") this.derived = value as Derived;
    this.changed();
  }
}
