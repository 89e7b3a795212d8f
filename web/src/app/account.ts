// Everything that belongs to the signed-in person, on this device and towards the server.

import type { ChangeEvent, Id, Me, Message } from '../model/types';
import type { Api } from './api';
import { Alerts } from './alerts';
import { Audiences } from './audience';
import { background } from './background';
import { Db } from './db';
import { Drafts } from './drafts';
import { Emergencies } from './emergencies';
import { Files } from './files';
import { Live, type Socket } from './live';
import { memory } from './memory';
import { Notices } from './notices';
import { Outbox } from './outbox';
import type { AccountFace } from './shapes';
import { browserPlace, Push } from './push';
import { appBadge, chime } from './ring';
import { Search } from './search';
import { Store } from './store';
import { Thresholds } from './thresholds';
import { openTabs, turnFor, type Tabs } from './tabs';
import { Uploads } from './uploads';

export interface AccountOptions {
  api: Api;
  me: Me;
  db: Db;
  openSocket: () => Socket;
  onSignedOut: (code: 'session_expired' | 'session_revoked') => void;
}

export class Account implements AccountFace {
  me: Me;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly files: Files;
  readonly audiences: Audiences;
  readonly alerts: Alerts;
  readonly emergencies: Emergencies;
  readonly notices: Notices;
  readonly push: Push;
  readonly search: Search;
  readonly thresholds: Thresholds;
  readonly live: Live;
  readonly tabs: Tabs;
  readonly #db: Db;
  #closed = false;

  constructor({ api, me, db, openSocket, onSignedOut }: AccountOptions) {
    this.me = me;
    this.#db = db;
    this.tabs = openTabs(`liaison-${me.id}`);
    this.drafts = new Drafts(db);
    this.files = new Files({ db, api });
    this.outbox = new Outbox({
      db,
      drafts: this.drafts,
      tabs: this.tabs,
      turn: turnFor(`liaison-outbox-${me.id}`),
      uploads: new Uploads({ db, api }),
      send: (channel, body) => api.post(channel, body),
      sent: (message) => this.store.sent(message),
    });
    this.notices = new Notices();
    this.push = new Push(api, browserPlace(memory()), me.id);
    this.alerts = new Alerts({ me: me.id, api, ring: chime, badge: appBadge, visible: () => document.visibilityState === 'visible' });
    this.emergencies = new Emergencies(api);
    const onAlert = (event: ChangeEvent) => this.alerts.heard(event);
    const onNews = (message: Message, team: Id) => this.notices.tell(message, team);
    const onGone = (messages: Id[]) => {
      this.alerts.forget(messages);
      this.search.keep((one) => !one.message || !messages.includes(one.message.id));
      background(this.drafts.standAlone(messages));
    };
    const onLost = (team: Id) => this.search.keep((one) => one.team.id !== team);
    this.store = new Store({ db, api, me: me.id, outbox: this.outbox, onAlert, onNews, onGone, onLost });
    this.audiences = new Audiences(db, api);
    this.search = new Search(api);
    this.thresholds = new Thresholds(api);
    const sync = (cursor: string | null) => api.sync(cursor);
    this.live = new Live({ target: this.store, open: openSocket, sync, onSignedOut });
  }

  /** From the device; what is shown first. */
  async load(): Promise<void> {
    await Promise.all([this.store.load(), this.outbox.load(), this.drafts.load()]);
  }

  async keepMe(me: Me): Promise<void> {
    await this.#db.setMeta('me', me);
  }

  /** Towards the server. */
  start(): void {
    this.live.start();
    background(this.store.refresh());
    background(this.alerts.refresh());
    this.#followEmergencies();
    background(this.push.renew());
    background(this.outbox.flush());
    background(this.files.sweep());
    this.live.state.subscribe((state) => {
      if (state === 'live' && !this.#closed) this.outbox.wake();
    });
  }

  /** Whoever answers for a circle is told of an emergency by its alert. */
  #followEmergencies(): void {
    let asked: string | null = null;
    this.alerts.asking.subscribe((alerts) => {
      const now = alerts.map((one) => one.id).join();
      if (now === asked || this.#closed) return;
      asked = now;
      background(this.emergencies.refresh());
    });
  }

  /** The network or the page came back. */
  wake(): void {
    this.live.retry();
    this.alerts.seen();
    this.outbox.wake();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.live.stop();
    this.store.close();
    this.search.close();
    this.alerts.close();
    this.notices.close();
    await this.drafts.flush().catch(() => {});
    await this.outbox.close();
    this.tabs.close();
    this.#db.close();
  }
}
