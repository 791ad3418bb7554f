/** A file, edited here and elsewhere at once.
 *
 * What is typed is saved at every pause, with the digest of the content that the typing began with.
 * If the file on disk is another by then, it wins: it is shown, and the server keeps what was typed
 * here beside it. While no server answers, the text is kept in the browser. */
import type { Report } from "../view/report";
import type { Text, Trained, Verdict } from "./data";
import { follow, post, Refused } from "./server";
import { Store } from "./store";

export const PAUSE = 100; // ms without a key after which the text is saved

export type State = "opening" | "saved" | "typing" | "saving" | "offline" | "refused";

/** That the file won, and the other text. */
export interface Lost {
  /** the file in which it is kept; empty where it is on this page alone */
  kept: string;
  text: string;
}

export class Document extends Store {
  text = "";
  state: State = "opening";
  verdict: Verdict | undefined;
  /** the last report: a text that can't be judged yet leaves the picture as it was */
  report: Report | undefined;
  training: Trained | undefined;
  lost: Lost | undefined;
  /** what the server has to say about the file, or its refusal */
  trouble = "";
  /** counts the times that the text was replaced by what is on disk */
  replaced = 0;
  /** whether the last replacement came from elsewhere, after the first opening */
  changedElsewhere = false;

  private base = "";
  private version = 0;
  /** whether the text is what somebody typed here */
  private typedHere = false;
  private saved = "";
  private sending: string | undefined;
  private timer = 0;
  private closed = false;
  private unfollow: () => void;
  private leave = () => this.saveAtOnce();

  constructor(
    readonly id: string,
    readonly saveTo: string,
    private reopen: () => Promise<void>,
    private heard: (name: string, value: unknown) => void,
  ) {
    super();
    this.unfollow = follow(
      id,
      (name, value) => this.hear(name, value),
      (there) => this.connected(there),
    );
    window.addEventListener("pagehide", this.leave);
  }

  /** Whether what was trained is the text that is shown. */
  get trainedNow(): boolean {
    return this.training?.digest === this.base && !this.dirty;
  }

  /** Whether the verdict is about the text that is shown. */
  get fresh(): boolean {
    return this.state === "saved" && this.verdict?.digest === this.base;
  }

  edit(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.typedHere = true;
    if (this.state !== "offline" && this.state !== "refused") this.state = "typing";
    this.saveLater(PAUSE);
    this.changed();
  }

  /** Puts back what was typed here when the file won. */
  takeBack(): void {
    if (!this.lost) return;
    const { text } = this.lost;
    this.lost = undefined;
    this.text = text;
    this.typedHere = true;
    this.replaced++;
    this.state = "typing";
    this.changed();
    void this.save();
  }

  dismiss(): void {
    this.lost = undefined;
    this.changed();
  }

  close(): void {
    this.saveAtOnce();
    this.closed = true;
    this.unfollow();
    clearTimeout(this.timer);
    window.removeEventListener("pagehide", this.leave);
  }

  async train(): Promise<void> {
    await post("api/train", { document: this.id });
  }

  async stopTraining(): Promise<void> {
    await post("api/stop", { document: this.id });
  }

  private get dirty(): boolean {
    return this.state !== "opening" && this.text !== this.saved;
  }

  private hear(name: string, value: unknown): void {
    if (name === "text") this.fileIs(value as Text);
    else if (name === "verdict") this.verdict = value as Verdict;
    else if (name === "report") this.report = value as Report;
    else if (name === "training") this.training = value as Trained;
    else if (name === "trouble") this.trouble = value as string;
    else this.heard(name, value);
    this.changed();
  }

  private fileIs(file: Text): void {
    if (file.version <= this.version) return;
    if (this.state === "opening") {
      this.show(file);
      this.takeDraft();
    } else if (file.text === this.text || file.text === this.sending) {
      this.settle(file); // our own save, told before its answer came; or somebody's who wrote the same
    } else if (this.dirty) {
      void this.save(); // begun with the old content: the server lets the file win
    } else {
      if (this.typedHere && file.after !== this.base) this.lost = { kept: "", text: this.text };
      this.changedElsewhere = true;
      this.show(file);
    }
  }

  private show(file: Text): void {
    this.typedHere = false;
    if (this.text !== file.text) {
      this.text = file.text;
      this.replaced++;
    }
    this.settle(file);
    this.state = "saved";
  }

  private settle(file: Text): void {
    if (file.version < this.version) return;
    this.version = file.version;
    this.base = file.digest;
    this.saved = file.text;
    if (this.text === file.text) {
      this.state = "saved";
      this.forgetDraft();
    }
  }

  private connected(there: boolean): void {
    if (this.closed) return;
    if (!there && this.state !== "opening") this.state = "offline";
    if (there) {
      void this.reopen().catch((error: unknown) => {
        this.trouble = error instanceof Error ? error.message : String(error);
        this.changed();
      });
      if (this.state === "offline") {
        this.state = this.dirty ? "typing" : "saved";
        if (this.dirty) this.saveLater(0);
      }
    }
    this.keepDraft();
    this.changed();
  }

  private saveLater(after: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), after);
  }

  private async save(): Promise<void> {
    if (this.sending !== undefined || !this.dirty || this.closed) return;
    const text = this.text;
    this.sending = text;
    if (this.state === "typing") this.state = "saving";
    this.changed();
    try {
      this.settle(await post<Text>(this.saveTo, this.request(text)));
      this.trouble = "";
    } catch (error) {
      this.notSaved(text, error);
    } finally {
      this.sending = undefined;
    }
    if (this.dirty && this.state !== "offline" && this.state !== "refused") this.saveLater(0);
    this.changed();
  }

  private notSaved(text: string, error: unknown): void {
    if (error instanceof Refused && error.status === 409) {
      if (this.text !== text) return; // what was typed meanwhile is to be kept as well
      const file = error.answer as unknown as Text & { kept: string };
      this.lost = { kept: file.kept, text: this.text };
      this.show(file);
    } else if (error instanceof Refused) {
      this.trouble = error.message;
      this.state = "refused";
      this.keepDraft();
    } else {
      this.state = "offline";
      this.keepDraft();
    }
  }

  /** Saves when the page goes: there is no time to wait for the answer. */
  private saveAtOnce(): void {
    if (!this.dirty) return;
    this.keepDraft();
    void post(this.saveTo, this.request(this.text), true).catch(() => undefined);
  }

  private request(text: string): Record<string, string> {
    return { document: this.id, text, base: this.base };
  }

  private get draft(): string {
    return `byhand draft of ${this.id}`;
  }

  private keepDraft(): void {
    if (!this.dirty) return;
    try {
      localStorage.setItem(this.draft, JSON.stringify({ text: this.text, base: this.base }));
    } catch {
      // no room: the text is still on this page
    }
  }

  private forgetDraft(): void {
    localStorage.removeItem(this.draft);
  }

  /** Saves what a page that is gone couldn't: where the file is another by now, it is kept beside. */
  private takeDraft(): void {
    let draft: { text: string; base: string } | undefined;
    try {
      draft = JSON.parse(localStorage.getItem(this.draft) ?? "null") ?? undefined;
    } catch {
      return;
    }
    if (!draft || draft.text === this.saved) {
      this.forgetDraft();
      return;
    }
    this.base = draft.base;
    this.text = draft.text;
    this.typedHere = true;
    this.replaced++;
    this.state = "typing";
    void this.save();
  }
}
