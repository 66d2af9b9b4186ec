import { z } from 'zod';

const positive = z.number().positive();
const seconds = z.number().min(0).max(10);
const nplc = z.number().min(0.001).max(25);
const volts = z.array(z.number().min(-10).max(10)).min(1).max(10_000);
const fraction = z.number().min(0).max(1);
const count = z.number().int().min(0);

const timing = { nplc, settleSeconds: seconds };
const range = { rangeAmps: positive, limitAmps: positive };

const branch = z.union([
  z.strictObject({ below: positive, do: z.literal('lowBiasOnly') }),
  z.strictObject({ below: positive, do: z.literal('loop'), ...range }),
  z.strictObject({ else: z.literal('open') }),
]);

/** The recipe file as written: one key for each choice, nothing unknown; only the parts for adaptive plans and for writing may be left out. */
export const recipeSchema = z.strictObject({
  recipe: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'lower-case letters, digits, dots and dashes'),
  access: z.enum(['pair', 'single']),
  polarity: z.strictObject({ apToP: z.enum(['positive', 'negative']) }),
  supplies: z.strictObject({ vddVolts: positive, limitAmps: positive }),
  enable: z.strictObject({ volts: positive, settleSeconds: z.number().min(0).max(1), leakageAlarmAmps: positive }),
  limits: z.strictObject({
    junctionVolts: positive,
    padVolts: z.strictObject({ min: z.number(), max: z.number() }),
  }),
  preRead: z.strictObject({ volts, ...timing, ...range }),
  lowBias: z.strictObject({ volts, ...timing, ...range }),
  initialise: z.strictObject({ volts, ...timing }),
  loop: z.strictObject({ quarterVolts: z.array(positive).min(2).max(1000), ...timing }),
  repeatSample: z.strictObject({ cellsPerDie: count.max(10_000), loops: count.max(10_000), seed: count }),
  read: z.strictObject({ volts, ...timing, ...range }),
  branches: z.array(branch).min(2).max(8),
  onCompliance: z.strictObject({ repeatOnce: z.strictObject(range), otherwise: z.literal('undetermined') }),
  classes: z.strictObject({
    shortedBelowOhms: positive,
    lineShortBelowOhms: positive,
    subparBelowOhms: positive,
    openAboveOhms: positive,
    minTmr: positive,
    guardSigmas: z.number().min(0).max(10),
  }),
  environment: z.strictObject({
    chuckCelsius: z.number().min(-100).max(400),
    toleranceCelsius: positive,
    fieldMilliTesla: z.number(),
    fieldMeasured: z.boolean(),
  }),
  contact: z.strictObject({
    settleSeconds: seconds,
    maxTouchdownsPerDie: z.number().int().min(1).max(20),
    sampleCells: z.number().int().min(1).max(1000),
    minConductingFraction: fraction,
    leakageAlarmAmps: positive,
    moreOverdriveMicrometres: z.number().min(0).max(100),
    maxOverdriveMicrometres: positive,
  }),
  reference: z.strictObject({ cellsPerDie: count.max(1000), everySeconds: positive, driftAlarm: positive }),
  losses: z.strictObject({ pauseAboveFraction: fraction }),
  adaptive: z
    .strictObject({
      read: z.strictObject({ volts, ...timing, ...range }),
      write: z.strictObject({ volts, ...timing }),
      verify: z.strictObject({ volts, ...timing, ...range }),
      sampleFraction: fraction,
      seed: count,
      guardFraction: fraction,
      mostLoopsFraction: fraction,
    })
    .optional(),
  programming: z
    .strictObject({
      amplitudes: z.array(positive).min(1).max(20),
      pulsesPerAmplitude: z.number().int().min(1).max(100),
      read: z.strictObject({ volts: positive, nplc, limitAmps: positive }),
      mostPulsesPerCell: z.number().int().min(1).max(1_000_000_000),
    })
    .optional(),
});

export type RecipeFileContent = z.infer<typeof recipeSchema>;
