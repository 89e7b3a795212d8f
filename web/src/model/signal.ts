/** A value one can watch; follows Svelte's store contract, without Svelte. */
export interface Readable<T> {
  get(): T;
  subscribe(run: (value: T) => void): () => void;
}

export class Signal<T> implements Readable<T> {
  #value: T;
  #watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const run of [...this.#watchers]) run(value);
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  subscribe(run: (value: T) => void): () => void {
    const watcher = (value: T) => run(value);
    this.#watchers.add(watcher);
    run(this.#value);
    return () => {
      this.#watchers.delete(watcher);
    };
  }
}

/** A value made from others; computed on each reading, told on each change. */
export function derived<T>(sources: Readable<unknown>[], make: () => T): Readable<T> {
  return {
    get: make,
    subscribe(run) {
      let ready = false;
      const tell = () => {
        if (ready) run(make());
      };
      const stops = sources.map((source) => source.subscribe(tell));
      ready = true;
      tell();
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
