/** The view: forward going down, backward coming up beside it. It shows JSON and computes nothing. */
import { render as draw } from "preact";
import type { Model } from "./model";
import { Picture } from "./picture";
import type { Report } from "./report";
import "./view.css";

const render = ({ model, el }: { model: Model; el: HTMLElement }): (() => void) => {
  const show = () => draw(<Picture report={model.get("report") as Report} />, el);
  model.on("change:report", show);
  show();
  return () => {
    model.off("change:report", show);
    draw(null, el);
  };
};

export default { render };
