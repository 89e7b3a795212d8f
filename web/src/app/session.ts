// Who is signed in, here and for the server; and what happens to what is on this device.

import { Signal } from '../model/signal';
import type { Id, Me, SignInAnswer } from '../model/types';
import { Account } from './account';
import type { Api } from './api';
import { Db } from './db';
import { ApiError, Offline } from './http';
import type { Socket } from './live';
import type { SessionState, SignedOutReason } from './shapes';

const REMEMBERED = 'liaison.account';

export interface SessionOptions {
  api: Api;
  openSocket: () => Socket;
  memory: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** The password was right; the account asks for more than this version of the app can give. */
export class SecondFactorAsked extends Error {}

export class Session {
  readonly state = new Signal<SessionState>({ name: 'starting' });
  readonly account = new Signal<Account | null>(null);
  readonly #o: SessionOptions;
  #wiping = false;

  constructor(options: SessionOptions) {
    this.#o = options;
  }

  /** What the device knows is shown at once; the server is asked meanwhile. */
  async start(): Promise<void> {
    const me = await this.#remembered();
    if (me) await this.#enter(me);
    await this.#verify();
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.#enter(signedIn(await this.#o.api.signIn(login, password)));
  }

  async acceptInvitation(token: string, login: string, password: string): Promise<void> {
    await this.#enter(signedIn(await this.#o.api.acceptInvitation(token, login, password)));
  }

  async refreshMe(): Promise<void> {
    const me = await this.#o.api.me();
    const account = this.account.get();
    if (account?.me.id !== me.id) return this.#enter(me);
    await this.#known(me);
  }

  /** Nothing is wiped before the server closed the session, nor while a text would be lost unsaid. */
  async signOut(discard = false): Promise<{ unsent: number }> {
    const account = this.account.get();
    if (!account) return { unsent: 0 };
    await account.outbox.load();
    await account.drafts.flush();
    const unsent = account.outbox.items.get().length + account.drafts.list.get().length;
    if (unsent > 0 && !discard) return { unsent };
    await this.#closeOnServer();
    this.#wiping = true;
    account.tabs.tell({ type: 'signed_out', account: account.me.id });
    await this.#leave('signed_out');
    this.#o.memory.removeItem(REMEMBERED);
    await Db.wipe(account.me.id);
    this.#wiping = false;
    return { unsent: 0 };
  }

  /** The session is over on the server; what is on the device stays for the next sign-in. */
  ended(reason: SignedOutReason): void {
    if (!this.#wiping && this.account.get()) void this.#leave(reason);
  }

  async #closeOnServer(): Promise<void> {
    try {
      await this.#o.api.signOut();
    } catch (error) {
      const over = error instanceof ApiError && error.status === 401;
      if (!over) throw error;
    }
  }

  async #remembered(): Promise<Me | null> {
    const id = this.#o.memory.getItem(REMEMBERED);
    if (!id) return null;
    try {
      const db = await Db.open(id);
      const me = await db.meta('me');
      db.close();
      return me ?? null;
    } catch {
      return null;
    }
  }

  async #verify(): Promise<void> {
    try {
      await this.refreshMe();
    } catch (error) {
      if (this.account.get()) {
        if (error instanceof ApiError && error.status === 401) await this.#leave('session_expired');
        return;
      }
      if (this.state.get().name === 'starting') this.state.set({ name: 'signed_out', reason: null });
      if (!(error instanceof ApiError) && !(error instanceof Offline)) throw error;
    }
  }

  async #enter(me: Me): Promise<void> {
    const former = this.account.get();
    if (former?.me.id === me.id) return this.#known(me);
    if (former) await former.close();
    const db = await Db.open(me.id, () => this.#lostDevice(me.id));
    const account = new Account({
      api: this.#o.api,
      me,
      db,
      openSocket: this.#o.openSocket,
      onSignedOut: (code) => this.ended(code),
    });
    account.tabs.listen((news) => {
      if (news.type === 'signed_out') void this.#leave('signed_out');
    });
    await db.setMeta('me', me);
    this.#o.memory.setItem(REMEMBERED, me.id);
    await account.load();
    this.account.set(account);
    this.state.set({ name: 'signed_in', me });
    account.start();
  }

  async #known(me: Me): Promise<void> {
    const account = this.account.get();
    if (!account) return;
    account.me = me;
    this.state.set({ name: 'signed_in', me });
    await account.keepMe(me);
  }

  async #leave(reason: SignedOutReason): Promise<void> {
    const account = this.account.get();
    this.account.set(null);
    this.state.set({ name: 'signed_out', reason });
    await account?.close();
  }

  /** Another tab signed out, or the browser took the storage back. */
  #lostDevice(id: Id): void {
    if (this.account.get()?.me.id === id) void this.#leave('signed_out');
  }
}

function signedIn(answer: SignInAnswer): Me {
  if ('me' in answer) return answer.me;
  throw new SecondFactorAsked();
}
