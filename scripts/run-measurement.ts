import { v7 as uuidV7 } from 'uuid';
import type { Classifier } from '../acquisition/classifier.ts';
import type { DieSummary } from '../acquisition/die-summary.ts';
import type { Halt } from '../acquisition/halt.ts';
import type { FrozenPlan, Plan } from '../acquisition/plan.ts';
import type { MeasurementProgress } from '../acquisition/progress.ts';
import type { Recorded } from '../acquisition/record-stream.ts';
import { resumePoint } from '../acquisition/resume.ts';
import type { DieRetest } from '../acquisition/retest.ts';
import { runSession, type SessionOutcome } from '../acquisition/session.ts';
import type { WorkHistory } from '../acquisition/session-store.ts';
import type { StopRequest } from '../acquisition/stop-request.ts';
import { createClassifier } from '../analysis/classify.ts';
import type { SessionFields } from '../db/records.ts';
import { WaferReader } from '../db/wafer-reader.ts';
import { WaferWriter } from '../db/wafer-writer.ts';
import type { Bench } from '../drivers/capabilities.ts';
import type { Recipe } from '../wafer/recipe.ts';
import { softwareVersion } from './software-version.ts';

interface Watched {
  readonly bench: Bench;
  /** Bench file text and the like, as JSON; stored with the session. */
  readonly benchJson: string;
  readonly stop?: StopRequest;
  readonly onProgress?: (progress: MeasurementProgress) => void;
  readonly onDieFinished?: (summary: DieSummary) => void;
  readonly onRecorded?: (rows: Recorded) => void;
  readonly onHalt?: (halt: Halt) => void;
  /** See SessionOptions. */
  readonly haltSeconds?: number | null;
  /** Work with the same recipe on other wafers, for the remaining time. */
  readonly history?: WorkHistory;
}

export interface MeasurementRequest extends Watched {
  readonly frozen: FrozenPlan;
  /** Wafer file to make. TB_FILE_EXISTS when it is there already. */
  readonly file: string;
  readonly fields: SessionFields;
}

export interface ResumeRequest extends Watched {
  readonly file: string;
  /** Also measures the dies that were skipped at the terminal. */
  readonly takeSkipped?: boolean;
  /** Fields that changed since the last session, e.g. the operator. */
  readonly fields?: Partial<SessionFields>;
}

/**
 * Measures a plan on an opened bench into a new wafer file. Closes the file, not the bench. An unfinished measurement is
 * not a rejection: the outcome says how the session ended, why, and how the bench was left.
 */
export async function runMeasurement(request: MeasurementRequest): Promise<SessionOutcome> {
  const { frozen, file, fields } = request;
  const { bench } = frozen.plan;
  const writer = await WaferWriter.create(file, {
    id: uuidV7(),
    lot: fields.lot,
    wafer: fields.wafer,
    geometry: bench.geometry,
    dies: bench.wafer.dies,
    createdAt: new Date().toISOString(),
  });
  return await runAndClose(writer, { ...watchedOf(request), frozen, fields });
}

/** Continues the last plan of a wafer file on an opened bench. Throws TB_SESSION_NOT_RESUMABLE when nothing is left. */
export async function resumeMeasurement(request: ResumeRequest): Promise<SessionOutcome> {
  const reader = WaferReader.open(request.file);
  let point: ReturnType<typeof resumePoint>;
  try {
    point = resumePoint(reader, { takeSkipped: request.takeSkipped ?? false });
  } finally {
    reader.close();
  }
  const { frozen, earlier } = point;
  const fields = { ...point.fields, ...request.fields };
  const writer = await WaferWriter.open(request.file);
  return await runAndClose(writer, { ...watchedOf(request), frozen, fields, earlier });
}

export interface RetestRequest extends Watched {
  readonly file: string;
  readonly retest: DieRetest;
  readonly fields: SessionFields;
}

/** Measures chosen cells of one die again into the file they were measured into. */
export async function retestMeasurement(request: RetestRequest): Promise<SessionOutcome> {
  const { file, retest, fields } = request;
  const { frozen, earlier } = retest;
  const writer = await WaferWriter.open(file);
  return await runAndClose(writer, { ...watchedOf(request), frozen, fields, earlier, retest: true });
}

type SessionParts = Omit<Parameters<typeof runSession>[0], 'store' | 'classifier' | 'softwareVersion'>;

async function runAndClose(writer: WaferWriter, parts: SessionParts): Promise<SessionOutcome> {
  const classifier = classifierFor(parts.frozen.plan);
  try {
    return await runSession({ ...parts, store: writer, classifier, softwareVersion: softwareVersion() });
  } finally {
    // A writer that failed has told so through the outcome; closing it only cleans up.
    await writer.close().catch(() => {});
  }
}

/** Every die is classified under its own recipe. */
function classifierFor(plan: Plan): Classifier {
  const ofRecipe = ({ programme, thresholds }: Recipe) => createClassifier(programme, thresholds);
  const common = ofRecipe(plan.recipe);
  if (plan.dieRecipes === undefined) return common;
  const own = new Map<number, Classifier>();
  for (const { dies, recipe } of plan.dieRecipes) {
    const classifier = ofRecipe(recipe);
    for (const ordinal of dies) own.set(ordinal, classifier);
  }
  return { classify: (sweep) => (own.get(sweep.dieOrdinal) ?? common).classify(sweep) };
}

function watchedOf(request: Watched): Watched {
  const { bench, benchJson, stop, onProgress, onDieFinished, onRecorded, onHalt, haltSeconds, history } = request;
  return {
    bench,
    benchJson,
    ...(stop && { stop }),
    ...(onProgress && { onProgress }),
    ...(onDieFinished && { onDieFinished }),
    ...(onRecorded && { onRecorded }),
    ...(onHalt && { onHalt }),
    ...(haltSeconds !== undefined && { haltSeconds }),
    ...(history && { history }),
  };
}
