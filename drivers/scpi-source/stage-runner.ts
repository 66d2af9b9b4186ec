import { cannot, notVerified } from '../sweep-source/source-errors.ts';
import type { Wire } from '../transport/link.ts';
import { firstDeviation, type ReadBack } from './read-back.ts';
import type { ScpiConnection } from './scpi-connection.ts';
import type { SmuDialect } from './smu-dialect.ts';
import type { StageBlock } from './stage-readings.ts';
import { listCommands, type SweepStage, stagesSeconds } from './sweep-stage.ts';

/** Runs one list after the other on the instrument, and knows which list and settings it holds. */
export class StageRunner {
  readonly #scpi: ScpiConnection;
  readonly #dialect: SmuDialect;
  readonly #hertz: number;
  /** List and settings that the instrument holds, as sent; null when unknown. */
  #held: { list: string; settings: string } | null = null;

  constructor(scpi: ScpiConnection, dialect: SmuDialect, lineHertz: number) {
    this.#scpi = scpi;
    this.#dialect = dialect;
    this.#hertz = lineHertz;
  }

  /** What the instrument holds is not known any more. */
  forget(): void {
    this.#held = null;
  }

  /** Refuses what the family cannot run: TB_BENCH_CANNOT_REALISE. */
  check(stages: readonly SweepStage[]): void {
    const { nplc, list } = this.#dialect;
    const { thing } = this.#scpi;
    for (const stage of stages) {
      if (stage.nplc < nplc.min || stage.nplc > nplc.max) {
        const expected = `${nplc.min}…${nplc.max} PLC`;
        throw cannot(thing, 'an integration time is out of bounds', `${stage.nplc} PLC`, expected);
      }
      if (stage.levels.length > list.total) {
        throw cannot(thing, 'a list is too long', `${stage.levels.length} points`, `at most ${list.total}`);
      }
    }
  }

  /** Every list is sent once and counted, so that one that does not fit is refused before any sweep. */
  async tryLists(wire: Wire, stages: readonly SweepStage[], signal: AbortSignal): Promise<void> {
    this.#held = null;
    for (const stage of stages) {
      await this.#scpi.write(wire, this.#listCommands(stage), signal);
      const points = await this.#scpi.askNumber(wire, this.#pointsQuestion, signal);
      await this.#scpi.requireNoErrors(wire, 'loading the programme', signal);
      if (points === stage.levels.length) continue;
      throw this.#scpi.malformed(this.#pointsQuestion, `${points}`, `${stage.levels.length}`);
    }
  }

  /** One list: settings and list where they differ from what is held, read back in one question, run, readings. */
  async run(wire: Wire, stage: SweepStage, signal: AbortSignal): Promise<StageBlock> {
    await this.prepare(wire, stage, signal);
    const seconds = stagesSeconds([stage], this.#hertz);
    const values = await this.#dialect.run(this.#scpi, wire, stage.levels.length, seconds, signal);
    return { stage, values };
  }

  /** The same without the run: the channel then holds list and settings, read back. */
  async prepare(wire: Wire, stage: SweepStage, signal: AbortSignal): Promise<void> {
    const settings = this.#dialect.stage(stage);
    const list = this.#listCommands(stage);
    const [settingsKey, listKey] = [settings, list].map((commands) => commands.join('\n'));
    const newSettings = this.#held?.settings !== settingsKey;
    const newList = this.#held?.list !== listKey;
    if (newSettings || newList) {
      this.#held = null;
      await this.#scpi.write(wire, [...(newSettings ? settings : []), ...(newList ? list : [])], signal);
      await this.#verify(
        wire,
        [
          ...(newSettings ? this.#dialect.stageLimits(stage.range) : []),
          ...(newList ? [{ question: this.#pointsQuestion, expected: stage.levels.length }] : []),
        ],
        signal,
      );
      this.#held = { list: listKey, settings: settingsKey };
    }
  }

  async #verify(wire: Wire, readBacks: readonly ReadBack[], signal: AbortSignal): Promise<void> {
    const wrong = await firstDeviation(this.#scpi, wire, readBacks, signal);
    if (wrong === null) return;
    const what = `${wrong.question} does not read back what was set`;
    throw notVerified(this.#scpi.thing, what, wrong.answer, wrong.expected);
  }

  #listCommands({ levels }: SweepStage): string[] {
    return listCommands(this.#dialect.list.header, levels, this.#dialect.list.perCommand);
  }

  get #pointsQuestion(): string {
    return `${this.#dialect.list.header}:POIN?`;
  }
}
