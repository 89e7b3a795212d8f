// The one app of this tab, put together from its parts.

import { lang } from '../i18n';
import type { Readable } from '../model/signal';
import { Api } from './api';
import type { Socket } from './live';
import { memory } from './memory';
import { Router } from './router';
import { Session } from './session';
import type { AccountFace, AppFace, SessionState } from './shapes';
import { Updates } from './updates';

class App implements AppFace {
  readonly api: Api;
  readonly router: Router;
  readonly #session: Session;
  readonly #updates = new Updates();

  constructor() {
    this.api = new Api({ lang: () => lang.get(), onSignedOut: (code) => this.#session.ended(code) });
    this.router = new Router(window);
    this.#session = new Session({ api: this.api, openSocket, memory: memory() });
  }

  get session(): Readable<SessionState> {
    return this.#session.state;
  }
  get account(): Readable<AccountFace | null> {
    return this.#session.account;
  }
  get update(): Readable<boolean> {
    return this.#updates.ready;
  }

  async start(): Promise<void> {
    addEventListener('online', () => this.#wake());
    addEventListener('pagehide', () => this.#save());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#wake();
      else this.#save();
    });
    if (import.meta.env.PROD) void this.#updates.register();
    navigator.serviceWorker?.addEventListener('message', (event) => this.#told(event.data as { type?: string; path?: string } | null));
    await this.#session.start();
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.#session.signIn(login, password);
    // Without this a browser short of room may drop what has not been sent.
    void navigator.storage?.persist?.();
  }
  acceptInvitation(token: string, login: string, password: string): Promise<void> {
    return this.#session.acceptInvitation(token, login, password);
  }
  signOut(discard = false): Promise<{ unsent: number }> {
    return this.#session.signOut(discard);
  }
  refreshMe(): Promise<void> {
    return this.#session.refreshMe();
  }
  updateNow(): void {
    void this.#save().finally(() => this.#updates.apply(() => location.reload()));
  }

  /** The service worker: a notification was pressed, or the browser changed its subscription. */
  #told(news: { type?: string; path?: string } | null): void {
    if (news?.type === 'go' && news.path?.startsWith('/')) this.router.go(news.path);
    if (news?.type === 'renew_push') void this.#session.account.get()?.push.renew();
  }

  #wake(): void {
    this.#updates.check();
    this.#session.account.get()?.wake();
  }
  async #save(): Promise<void> {
    await this.#session.account.get()?.drafts.flush();
  }
}

function openSocket(): Socket {
  const url = new URL('/api/v1/live', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url) as Socket;
}

export const app: AppFace = new App();

/** The signed-in person's things, where a page exists only for one. */
export function account(): AccountFace {
  const now = app.account.get();
  if (!now) throw new Error('nobody is signed in');
  return now;
}

export { ApiError, Offline } from './api';
export { sentenceOf } from './sentences';
export { paths } from './router';
