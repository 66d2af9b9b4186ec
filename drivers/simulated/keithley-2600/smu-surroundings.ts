import type { BufferStore } from './buffer-store.ts';
import type { EventBus } from './event-bus.ts';

/** What the commands of a channel need from the instrument around it. */
export interface SmuSurroundings {
  readonly bus: EventBus;
  readonly buffers: BufferStore;
  /** A measuring command takes instrument time. */
  spend(seconds: number): Promise<void>;
}
