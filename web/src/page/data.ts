/** What the server tells, as src/byhand/faces/page makes it. */
import type { Derivation } from "../view/derivation";
import type { Training } from "../view/training";

export interface CourseMap {
  title: string;
  folder: string;
  lessons: { name: string; title: string; exercises: ExerciseName[] }[];
}

export interface ExerciseName {
  id: string;
  number: string;
  title: string;
}

export interface Standing {
  current: string;
  next: string | null;
  passed: string[];
  hints: Record<string, number>;
}

export interface Exercise extends ExerciseName {
  lesson: string;
  file: string;
  task: string;
  asked: string[];
  hints: string[];
  hint_count: number;
  passed: boolean;
  why: string;
  lacking: string[];
}

export interface Lesson {
  name: string;
  title: string;
  reading: string;
}

export interface Text {
  text: string;
  digest: string;
  /** grows with every content */
  version: number;
  /** the digest of what its author began with; null where that isn't known */
  after?: string | null;
}

export interface Root {
  names: string[];
  line: number | null;
  place: string;
  headline: string;
  details: string[];
  /** the wrong part: lines count from 1, columns are characters from 0 */
  part?: { line: number; column: number; end_line: number; end_column: number };
  code?: string;
  /** what there is to know about that mistake */
  page?: string;
}

export interface Verdict {
  /** of the text that was checked */
  digest: string;
  /** whether nothing more comes about this text */
  last: boolean;
  printed: string;
  /** null where there is no backward to judge */
  passed?: boolean | null;
  /** whether it is a model that can be trained on words */
  trainable?: boolean;
  error?: string;
  said?: { summary: string; next: string; roots: Root[]; notes: string[] };
}

/** A training, as it goes on or as it ended. */
export interface Trained extends Training {
  /** of the text that is trained */
  digest: string;
  going: boolean;
  /** how many are planned */
  steps?: number;
  error?: string | null;
}

export interface Derived {
  digest: string;
  last: boolean;
  error?: string;
  derivation?: DerivedBackward;
  costs?: string[];
  closed?: DerivedBackward;
  /** what the closed form costs, and how the file's own backward compares */
  ending?: string[];
}

export type DerivedBackward = Derivation & { source: string; notes: string[] };
