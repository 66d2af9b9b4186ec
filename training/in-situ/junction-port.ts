/** One pulse on one junction. */
export interface JunctionPulse {
  /** Index of the cell on its die. */
  readonly cell: number;
  readonly towards: 'P' | 'AP';
  /** Size of the junction voltage. */
  readonly volts: number;
}

/** What came of a batch of pulses. */
export interface PulseReport {
  /** Pulses that reached their junction at less than the voltage asked for. */
  readonly limited: number;
  /** Junctions that stood at half the voltage while another one was pulsed. */
  readonly halfSelects: number;
}

/**
 * Single junctions of a die, wherever they are: on a bench or in software. What lies between a probability and a voltage is not its
 * business.
 */
export interface JunctionPort {
  /** Time a pulse stands on a junction, seconds. */
  readonly pulseSeconds: number;
  /**
   * Sends the pulses and then reads the cells pulsed and their partners: `found` is told every conductance read, siemens.
   * The order is the port's choice.
   */
  pulse(pulses: readonly JunctionPulse[], found: (cell: number, siemens: number) => void): Promise<PulseReport>;
  /** Reads cells at low bias and tells `found`; partners that come with them are told as well. */
  read(cells: readonly number[], found: (cell: number, siemens: number) => void): Promise<void>;
}
