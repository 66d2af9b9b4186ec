import type { SourceChannel } from '../../../drivers/capabilities.ts';
import type { ProbeStation, SourceSetting, Terminal } from '../../../drivers/simulated/probe-station.ts';

/** Two resistors from the columns to the row, and a record of every level set: enough world for protocol tests. */
export class ResistorStation implements ProbeStation {
  now = 0;
  ohms = { columnA: 20_000, columnB: 50_000 };
  readonly levels: { readonly seconds: number; readonly channel: SourceChannel; readonly volts: number }[] = [];
  readonly senses: { readonly seconds: number; readonly channel: SourceChannel }[] = [];
  readonly height = 'contact';
  readonly dieUnderNeedles = { x: 0, y: 0 };
  readonly chuckCelsius = 25;
  readonly touchdowns = 0;
  private readonly sources: Record<SourceChannel, SourceSetting> = {
    columnA: { outputOn: false, volts: 0, limitAmps: 1 },
    columnB: { outputOn: false, volts: 0, limitAmps: 1 },
    row: { outputOn: false, volts: 0, limitAmps: 1 },
  };

  advance(seconds: number): void {
    this.now += seconds;
  }

  setSource(channel: SourceChannel, setting: SourceSetting): void {
    this.sources[channel] = setting;
    this.levels.push({ seconds: this.now, channel, volts: setting.volts });
  }

  sourceSetting(channel: SourceChannel): SourceSetting {
    return this.sources[channel];
  }

  sense(channel: SourceChannel): Terminal {
    this.senses.push({ seconds: this.now, channel });
    const volts = (name: SourceChannel) => (this.sources[name].outputOn ? this.sources[name].volts : 0);
    const through = (name: 'columnA' | 'columnB') => (volts(name) - volts('row')) / this.ohms[name];
    const amps = channel === 'row' ? -through('columnA') - through('columnB') : through(channel);
    const { limitAmps } = this.sources[channel];
    if (Math.abs(amps) <= limitAmps) return { volts: volts(channel), amps, inCompliance: false };
    return {
      volts: (volts(channel) * limitAmps) / Math.abs(amps),
      amps: Math.sign(amps) * limitAmps,
      inCompliance: true,
    };
  }

  setCrosspoints(): void {}
  setEnableLine(): void {}
  gateLeakageAmps(): number {
    return 1e-9;
  }
  setSupply(): void {}
  senseSupply(): Terminal {
    return { volts: 0, amps: 0, inCompliance: false };
  }
  moveChuck(): void {}
  setHeight(): void {}
}
