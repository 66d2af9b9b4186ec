/** Collects bytes into lines ended by LF; a CR before it is dropped. Longer lines than `limit` bytes come out as null, once. */
export class LineSplitter {
  private readonly limit: number;
  private readonly deliver: (line: string | null) => void;
  private parts: Buffer[] = [];
  private length = 0;

  constructor(limit: number, deliver: (line: string | null) => void) {
    this.limit = limit;
    this.deliver = deliver;
  }

  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      this.collect(chunk.subarray(start, end));
      this.finish();
      start = end + 1;
    }
    this.collect(chunk.subarray(start));
  }

  clear(): void {
    this.parts = [];
    this.length = 0;
  }

  private collect(part: Buffer): void {
    if (part.length === 0) return;
    this.length += part.length;
    // Beyond the limit only the length is remembered: a client cannot fill the memory with one line.
    if (this.length <= this.limit) this.parts.push(Buffer.from(part));
  }

  private finish(): void {
    const tooLong = this.length > this.limit;
    const line = tooLong ? null : Buffer.concat(this.parts).toString('latin1').replace(/\r$/, '');
    this.clear();
    this.deliver(line);
  }
}
