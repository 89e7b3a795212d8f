// What the tabs of one browser tell each other, and the turn they take.

export type TabNews = { type: 'outbox' } | { type: 'signed_out'; account: string };

export interface Tabs {
  tell(news: TabNews): void;
  listen(run: (news: TabNews) => void): () => void;
  close(): void;
}

export function openTabs(name: string): Tabs {
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
  return {
    tell: (news) => channel?.postMessage(news),
    listen(run) {
      const hear = (event: MessageEvent) => run(event.data as TabNews);
      channel?.addEventListener('message', hear);
      return () => channel?.removeEventListener('message', hear);
    },
    close: () => channel?.close(),
  };
}

/** Runs one at a time for a name, in all tabs where the browser can, else in this one. */
export type Turn = (run: () => Promise<void>) => Promise<void>;

const held = new Map<string, Promise<void>>();

export function turnFor(name: string): Turn {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (locks) {
    return async (run) => {
      await locks.request(name, run);
    };
  }
  return (run) => {
    const next = (held.get(name) ?? Promise.resolve()).then(run, run);
    held.set(name, next.catch(() => {}));
    return next;
  };
}

/** Grows with each failure, never in step with the others. */
export function backoff(tries: number, firstMs: number, mostMs: number, random: () => number): number {
  const full = Math.min(mostMs, firstMs * 2 ** tries);
  return full * (0.5 + random() / 2);
}

