/** The page of `byhand learn --web` and `byhand show`. */
import { render } from "preact";
import { Course } from "./course";
import { CourseState } from "./course-state";
import { Explorer } from "./explorer";
import { ExplorerState } from "./explorer-state";
import "./page.css";

const place = document.getElementById("page");

async function start(): Promise<void> {
  if (!place) return;
  const explored = document.body.dataset.page === "explorer";
  const state = explored ? new ExplorerState() : new CourseState();
  place.replaceChildren();
  render(
    state instanceof ExplorerState ? <Explorer state={state} /> : <Course state={state} />,
    place,
  );
  await state.start();
}

start().catch((error: unknown) => {
  const said = document.createElement("p");
  said.className = "opening";
  said.textContent = error instanceof Error ? error.message : String(error);
  place?.replaceChildren(said);
});
