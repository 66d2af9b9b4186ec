/** One client's connection as an instrument sees it. */
export interface ClientLink {
  send(bytes: Uint8Array): void;
  /** Closes the connection from the instrument's side. */
  drop(): void;
}

/** What an instrument does with the bytes of one client. The instrument itself outlives its clients. */
export interface ClientSession {
  receive(bytes: Uint8Array): void;
  /** The client is gone: the instrument keeps its state. */
  detached(): void;
}

/** An instrument that can be put behind a TCP port or a pseudo-terminal. */
export interface WireInstrument {
  attach(link: ClientLink): ClientSession;
}

/** A wire that is up. */
export interface OpenWire {
  /** VISA resource string under which a client finds the instrument. */
  readonly resource: string;
  close(): Promise<void>;
}
