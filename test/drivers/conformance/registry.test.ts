import { describe, expect, it } from 'vitest';
import { DRIVERS, type InstrumentPlace, instrumentsSchema } from '../../../drivers/driver-registry.ts';
import { SUBJECTS } from './driver-subjects.ts';

const PLACES = Object.keys(DRIVERS) as InstrumentPlace[];

describe('the driver registry', () => {
  it.each(PLACES)('has a conformance subject for every driver of the place %s, and none beside', (place) => {
    expect(Object.keys(SUBJECTS[place]).toSorted()).toEqual(Object.keys(DRIVERS[place]).toSorted());
  });

  it.each(PLACES)('lets a bench file name every driver of the place %s', (place) => {
    for (const [driver, { options }] of Object.entries(SUBJECTS[place])) {
      const given = { driver, resource: 'TCPIP0::192.0.2.1::5025::SOCKET', ...options };
      expect(instrumentsSchema.shape[place].parse(given)).toMatchObject({ driver });
    }
  });

  it('names in words which models a driver takes, and takes not just any where models differ', () => {
    for (const [place, drivers] of Object.entries(DRIVERS)) {
      for (const [name, { modelText }] of Object.entries(drivers)) {
        expect(modelText, `${place} ${name}`).toMatch(/^an? \w+/);
      }
    }
  });
});
