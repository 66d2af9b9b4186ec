import type { MapSampler } from '../../training/trainer/map-sampler.ts';

/** Puts one short of the given worth into layer 1 of every map, at a random place. */
export function oneShort(worth: number): MapSampler {
  return {
    fill(batch, maps, random) {
      for (let map = 0; map < maps; map++) {
        batch.addLayer1(random.below(108), worth, worth);
        batch.endMap();
      }
    },
  };
}

export function failing(): MapSampler {
  return {
    fill() {
      throw new Error('no maps today');
    },
  };
}

export function oneMapShort(): MapSampler {
  return {
    fill(batch, maps) {
      for (let map = 1; map < maps; map++) batch.endMap();
    },
  };
}

export function outside(): MapSampler {
  return {
    fill(batch, maps) {
      batch.addLayer2(27, 1, 1);
      for (let map = 0; map < maps; map++) batch.endMap();
    },
  };
}
