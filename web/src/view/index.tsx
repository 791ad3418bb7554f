/** The view: forward going down, backward coming up beside it. It shows JSON and computes nothing. */
import { render as draw } from "preact";
import type { Model } from "./model";
import { View } from "./view";
import "./view.css";

const render = ({ model, el }: { model: Model; el: HTMLElement }): (() => void) => {
  el.replaceChildren(); // what was readable without scripts
  draw(<View model={model} />, el);
  return () => draw(null, el);
};

export default { render };
