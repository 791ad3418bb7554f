/** CodeMirror with what Python needs, in the colours of the page. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { searchKeymap } from "@codemirror/search";
import { EditorState, Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { Verdict } from "./data";
import { diagnostics } from "./diagnostics";

const NARROW = 500; // pixels
const TURN = "...  # your turn";

export class Editor {
  private view: EditorView;
  private resized: ResizeObserver;

  constructor(
    parent: HTMLElement,
    text: string,
    label: string,
    private edited: (text: string) => void,
  ) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({ doc: text, extensions: this.extensions(parent, label) }),
    });
    this.goToTurn();
    this.resized = new ResizeObserver(() => this.keepCursor());
    this.resized.observe(parent);
  }

  /** Keeps the line that is being written in sight where the verdict below takes more room. */
  private keepCursor(): void {
    if (!this.view.hasFocus) return;
    const at = this.view.state.selection.main.head;
    this.view.dispatch({ effects: EditorView.scrollIntoView(at, { y: "nearest", yMargin: 24 }) });
  }

  /** Shows another text; what both have in common keeps its place, and so does the cursor. */
  show(text: string): void {
    const old = this.view.state.doc.toString();
    if (old === text) return;
    let start = 0;
    while (start < old.length && start < text.length && old[start] === text[start]) start++;
    let end = 0;
    const most = Math.min(old.length, text.length) - start;
    while (end < most && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    this.view.dispatch({
      changes: { from: start, to: old.length - end, insert: text.slice(start, text.length - end) },
      annotations: Transaction.userEvent.of("shown"),
    });
  }

  mark(verdict: Verdict): void {
    const found = diagnostics(verdict, this.view.state.doc);
    const first = found[0];
    this.view.dispatch(setDiagnostics(this.view.state, found));
    if (first && !this.view.hasFocus)
      this.view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
  }

  /** Moves to a line, as a link to it asks for. */
  goTo(line: number): void {
    const place = this.view.state.doc.line(Math.min(line, this.view.state.doc.lines));
    const at = place.from + place.text.search(/\S|$/);
    this.view.dispatch({
      selection: { anchor: at },
      effects: EditorView.scrollIntoView(at, { y: "center" }),
    });
    this.view.focus();
  }

  focus(): void {
    this.view.focus();
  }

  destroy(): void {
    this.resized.disconnect();
    this.view.destroy();
  }

  /** Puts the cursor where there is something to write, without taking the keyboard. */
  private goToTurn(): void {
    const text = this.view.state.doc.toString();
    const turn = text.indexOf(TURN);
    const at = turn < 0 ? text.indexOf("def backward") : turn;
    if (at < 0) return;
    this.view.dispatch({
      selection: turn < 0 ? { anchor: at } : { anchor: at, head: at + TURN.length },
      effects: EditorView.scrollIntoView(at, { y: "center" }),
    });
  }

  private extensions(parent: HTMLElement, label: string) {
    return [
      lineNumbers(),
      lintGutter(),
      foldGutter(),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("    "),
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      syntaxHighlighting(classHighlighter),
      python(),
      ...(parent.clientWidth < NARROW ? [EditorView.lineWrapping] : []),
      keymap.of([
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
      EditorView.contentAttributes.of({
        "aria-label": label,
        "aria-describedby": "editor-keys",
        tabindex: "0",
      }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        if (update.transactions.some((each) => each.isUserEvent("shown"))) return;
        this.edited(update.state.doc.toString());
      }),
    ];
  }
}
