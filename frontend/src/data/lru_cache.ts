interface Entry {
  value: unknown;
  bytes: number;
}

/**
 * Cache of values within a number of bytes. The least recently used value is evicted first. The newest value always
 * stays.
 */
export class LruCache {
  private readonly entries = new Map<string, Entry>();
  private total = 0;

  constructor(private readonly maxBytes: number) {}

  /** Return a value and mark it as used; undefined if there is none. */
  get(key: string): unknown {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** Return a value without marking it as used. */
  peek(key: string): unknown {
    return this.entries.get(key)?.value;
  }

  set(key: string, value: unknown, bytes: number): void {
    this.total += bytes - (this.entries.get(key)?.bytes ?? 0);
    this.entries.delete(key);
    this.entries.set(key, { value, bytes });
    for (const [oldest, entry] of this.entries) {
      if (this.total <= this.maxBytes || oldest === key) break;
      this.entries.delete(oldest);
      this.total -= entry.bytes;
    }
  }

  /** Return the bytes of all values whose keys begin with a prefix. */
  bytesOf(prefix: string): number {
    let sum = 0;
    for (const [key, { bytes }] of this.entries) if (key.startsWith(prefix)) sum += bytes;
    return sum;
  }

  clear(): void {
    this.entries.clear();
    this.total = 0;
  }
}
