/** The view, fed with the verdict's report. */
import { useEffect } from "preact/hooks";
import type { Report } from "../view/report";
import { ViewModel, ViewShown } from "./view-shown";

/** What the picture of a file shows. */
export const pictureModel = () =>
  new ViewModel([
    ["math", new URL("assets/math.js", location.href).href],
    ["told", true], // the verdict stands below the editor
  ]);

export function Picture({ model, report }: { model: ViewModel; report: Report | undefined }) {
  useEffect(() => {
    if (!report) return;
    if (!model.get("report")) model.set("report", report);
    // The verdict's words come first: the picture is drawn when they have been.
    let timer = 0;
    const frame = requestAnimationFrame(() => {
      timer = window.setTimeout(() => model.set("report", report));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [model, report]);
  return (
    <div class="picture">
      {report ? (
        <ViewShown model={model} />
      ) : (
        <p class="quiet">The picture comes with the first verdict.</p>
      )}
    </div>
  );
}
