/** Where the learner is: the exercise that is open, its lesson, and what is done. */
import type { Derivation } from "../view/derivation";
import type { Report } from "../view/report";
import type { CourseMap, Derived, Exercise, Lesson, Standing } from "./data";
import { Document } from "./document";
import { get, post } from "./server";
import { Store } from "./store";

/** A file that the reading works in numbers. */
export interface Example {
  file: string;
  report: Report;
}

const REST = 150; // ms that a pointer rests on a number before the picture follows

export class CourseState extends Store {
  course: CourseMap | undefined;
  standing: Standing | undefined;
  exercise: Exercise | undefined;
  lesson: Lesson | undefined;
  document: Document | undefined;
  /** how what is right in the learner's file is derived */
  derivation: Derivation | undefined;
  /** an example that stands in the picture until the learner goes back to their own file */
  private kept: Example | undefined;
  /** an example that does while one of its numbers is read */
  private glanced: Example | undefined;
  private glance: ReturnType<typeof setTimeout> | undefined;
  trouble = "";

  /** What the picture shows in the place of the learner's file. */
  get example(): Example | undefined {
    return this.glanced ?? this.kept;
  }

  /** Whether that goes when the number is left. */
  get glancing(): boolean {
    return this.example?.file !== this.kept?.file;
  }

  async start(): Promise<void> {
    const { standing, ...course } = await get<CourseMap & { standing: Standing }>("api/course");
    this.course = course;
    this.standing = standing;
    window.addEventListener("hashchange", () => void this.open(this.asked));
    await this.open(this.asked);
  }

  /** The exercise in the address, or else the one that the learner is at. */
  private get asked(): string {
    const id = decodeURIComponent(location.hash.slice(1));
    const ids = this.course?.lessons.flatMap((lesson) => lesson.exercises.map((each) => each.id));
    return ids?.includes(id) ? id : (this.standing?.current ?? "");
  }

  async open(id: string): Promise<void> {
    if (id === this.document?.id) return;
    this.document?.close();
    this.exercise = undefined;
    this.derivation = undefined;
    this.leaveExample();
    this.document = new Document(
      id,
      "api/save",
      () => this.reopen(id),
      (name, value) => this.hear(name, value),
    );
    this.changed();
  }

  /** Opens the exercise on the server, which may be another one than before. */
  private async reopen(id: string): Promise<void> {
    const exercise = await post<Exercise>("api/open", { document: id });
    if (this.document?.id !== id) return;
    this.exercise = exercise;
    this.changed();
    if (this.lesson?.name !== exercise.lesson) {
      this.lesson = await get<Lesson>("api/lesson", { name: exercise.lesson });
      this.changed();
    }
  }

  /** Shows an example in the picture, until it is left. */
  async showExample(file: string): Promise<void> {
    this.kept = await this.exampleOf(file);
    this.changed();
  }

  /** Shows the example of a number that is read, once it is for a moment; null where none is. */
  glanceAt(file: string | null): void {
    clearTimeout(this.glance);
    const asked = setTimeout(async () => {
      const found = file === null ? undefined : await this.exampleOf(file);
      if (asked !== this.glance || found === this.glanced) return;
      this.glanced = found;
      this.changed();
    }, REST);
    this.glance = asked;
  }

  leaveExample(): void {
    clearTimeout(this.glance);
    this.kept = this.glanced = this.glance = undefined;
    this.changed();
  }

  private async exampleOf(file: string): Promise<Example> {
    const there = [this.kept, this.glanced].find((each) => each?.file === file);
    const lesson = this.lesson?.name ?? "";
    return there ?? { file, ...(await get<{ report: Report }>("api/example", { lesson, file })) };
  }

  async hint(): Promise<void> {
    await this.ask("api/hint");
  }

  async solution(): Promise<string | null> {
    const { solution } = await post<{ solution: string | null }>("api/solution", this.named);
    return solution;
  }

  async reset(): Promise<void> {
    await post("api/reset", this.named);
  }

  async check(): Promise<void> {
    await post("api/check", this.named);
  }

  get passed(): boolean {
    return this.standing?.passed.includes(this.exercise?.id ?? "") ?? false;
  }

  private get named(): { document: string } {
    return { document: this.document?.id ?? "" };
  }

  private async ask(path: string): Promise<void> {
    const exercise = await post<Exercise>(path, this.named);
    if (exercise.id === this.document?.id) this.exercise = exercise;
    this.changed();
  }

  private hear(name: string, value: unknown): void {
    if (name === "derivation") this.derivation = (value as Derived).derivation ?? undefined;
    if (name === "standing") this.stand(value as Standing);
    this.changed();
  }

  private stand(standing: Standing): void {
    this.standing = standing;
    const { exercise } = this;
    const hints = exercise && standing.hints[exercise.id];
    const more = (hints ?? 0) > (exercise?.hints.length ?? 0);
    // A hint was asked for elsewhere, or it is right now, and why can be told.
    if (exercise && (more || (this.passed && !exercise.passed))) void this.ask("api/exercise");
  }
}
