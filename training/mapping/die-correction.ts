import type { DefectCorrection, LayerCorrection } from '../defect-correction.ts';
import type { DieConductances } from './die-conductances.ts';
import { type NetworkCells, pairWeight } from './effective-weights.ts';
import type { WeightCells } from './weight-cells.ts';

/**
 * What hardware-aware training knows of a die: every weight with a cell that is not healthy, and what it is worth for
 * either wanted sign. Healthy weights count as exactly ±1 in training; their spread is seen only in the emulation.
 */
export function dieCorrection(die: DieConductances, cells: NetworkCells): DefectCorrection {
  return { layer1: layerCorrection(die, cells.layer1), layer2: layerCorrection(die, cells.layer2) };
}

function layerCorrection(die: DieConductances, { plus, minus }: WeightCells): LayerCorrection {
  const index: number[] = [];
  for (let i = 0; i < plus.length; i++) if (die.defective[plus[i]] || die.defective[minus[i]]) index.push(i);
  return {
    index: Uint32Array.from(index),
    plus: Float32Array.from(index, (i) => pairWeight(die, plus[i], minus[i], 1)),
    minus: Float32Array.from(index, (i) => pairWeight(die, plus[i], minus[i], -1)),
  };
}
