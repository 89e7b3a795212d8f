// What is not urgent says so quietly: one line, for a moment, unless this person wants none.

import { Signal } from '../model/signal';
import type { Id, Message } from '../model/types';

export interface Notice {
  team_id: Id;
  message: Message;
  /** How many came since the line was shown. */
  count: number;
}

const STORED = 'liaison.no_notices';
const SHOWN_MS = 6_000;

export class Notices {
  readonly now = new Signal<Notice | null>(null);
  readonly off = new Signal<boolean>(stored());
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.off.subscribe((off) => {
      try {
        localStorage.setItem(STORED, off ? '1' : '');
      } catch {
        // Asked again at the next opening.
      }
      if (off) this.dismiss();
    });
  }

  /** An urgent one is an alert's business. */
  tell(message: Message, team_id: Id): void {
    if (this.off.get() || message.urgent) return;
    const before = this.now.get();
    this.now.set({ team_id, message, count: before?.team_id === team_id ? before.count + 1 : 1 });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dismiss(), SHOWN_MS);
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.now.set(null);
  }

  close(): void {
    this.dismiss();
  }
}

function stored(): boolean {
  try {
    return localStorage.getItem(STORED) === '1';
  } catch {
    return false;
  }
}
