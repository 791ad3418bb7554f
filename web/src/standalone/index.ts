/** Starts the view on a page of its own: its parts lie in the page as text, there is no server. */
import type { Model } from "../view/model";

interface Module {
  default: { render(given: { model: Model; el: HTMLElement }): void };
}

const text = (id: string): string | undefined =>
  document.getElementById(id)?.textContent ?? undefined;

const address = (code: string): string =>
  URL.createObjectURL(new Blob([code], { type: "text/javascript" }));

const held = JSON.parse(text("byhand-data") ?? "{}");
const math = text("byhand-math");
if (math) held.math = address(math);
const model: Model = { get: (name) => held[name] };

const { default: view }: Module = await import(address(text("byhand-view") ?? ""));
const el = document.querySelector<HTMLElement>("[data-view]");
if (el) view.render({ model, el });
