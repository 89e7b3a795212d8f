// One connection: the socket tells, /sync fills what was missed, and the cursor moves only behind what is stored.

import { Signal } from '../model/signal';
import type { ChangeEvent, Frame, SyncAnswer } from '../model/types';
import { ApiError } from './http';
import type { LiveState } from './shapes';
import { backoff } from './tabs';

/** The part of WebSocket that is used. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(code?: number): void;
}

export interface LiveTarget {
  /** This tab's own: another tab's cursor says nothing of what this one shows. */
  cursor(): string | null;
  applySync(answer: SyncAnswer, fresh: boolean): Promise<void>;
  applyEvent(event: ChangeEvent): Promise<void>;
  mark(cursor: string): Promise<void>;
  forgetCursor(): Promise<void>;
}

export interface LiveOptions {
  target: LiveTarget;
  open: () => Socket;
  sync: (cursor: string | null) => Promise<SyncAnswer>;
  onSignedOut: (code: 'session_expired' | 'session_revoked') => void;
  random?: () => number;
}

const FIRST_MS = 500;
const MOST_MS = 30_000;
const HELLO_MS = 10_000;
const CLOSED_SESSION: Record<number, 'session_expired' | 'session_revoked'> = {
  4001: 'session_expired',
  4002: 'session_revoked',
};
const TOO_MANY = 4029;

export class Live {
  readonly state = new Signal<LiveState>('connecting');
  readonly #o: LiveOptions;
  #connection: Connection | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #stopped = true;

  constructor(options: LiveOptions) {
    this.#o = options;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#connection?.drop();
    this.#connection = null;
  }

  /** The network came back, or the page did: do not wait for the timer, nor trust a silent socket. */
  retry(): void {
    if (this.#stopped || this.#connection?.lively()) return;
    this.#tries = 0;
    this.#connection?.drop();
    this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const connection = new Connection(this.#o, {
      live: () => {
        this.#tries = 0;
        this.state.set('live');
      },
      ended: (code, heard) => void this.#ended(connection, code, heard),
    });
    this.#connection = connection;
    connection.begin();
  }

  async #ended(connection: Connection, code: number, heard: boolean): Promise<void> {
    if (this.#stopped || connection !== this.#connection) return;
    this.#connection = null;
    const over = CLOSED_SESSION[code];
    if (over) return this.#signedOut(over);
    if (this.state.get() === 'live') this.state.set('connecting');
    // A refused handshake says nothing to a page; a call over HTTP does, and brings what changed meanwhile.
    if (!heard) await this.#ask(connection);
    if (this.#stopped || this.#connection) return;
    const wait = code === TOO_MANY ? MOST_MS : backoff(this.#tries, FIRST_MS, MOST_MS, this.#o.random ?? Math.random);
    this.#tries++;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  async #ask(connection: Connection): Promise<void> {
    try {
      await connection.catchUp();
      if (!this.#stopped && !this.#connection) this.state.set('connecting');
    } catch (error) {
      const code = sessionEnd(error);
      if (code) this.#signedOut(code);
      else if (!this.#stopped && !this.#connection) this.state.set('offline');
    }
  }

  #signedOut(code: 'session_expired' | 'session_revoked'): void {
    if (this.#stopped) return;
    this.stop();
    this.state.set('signed_out');
    this.#o.onSignedOut(code);
  }
}

interface Told {
  live: () => void;
  ended: (code: number, heard: boolean) => void;
}

/** One socket from its opening to its end. */
class Connection {
  readonly #o: LiveOptions;
  readonly #told: Told;
  #socket: Socket | null = null;
  /** Everything received is applied one after the other. */
  #chain: Promise<void> = Promise.resolve();
  #watch: ReturnType<typeof setTimeout> | undefined;
  #heartbeatMs = 0;
  #lastAt = 0;
  #heard = false;
  #caughtUp = false;
  #over = false;

  constructor(options: LiveOptions, told: Told) {
    this.#o = options;
    this.#told = told;
  }

  begin(): void {
    this.#expect(HELLO_MS);
    try {
      this.#socket = this.#o.open();
    } catch {
      this.#end(1006);
      return;
    }
    this.#socket.onmessage = (event) => this.#receive(event.data);
    this.#socket.onclose = (event) => this.#end(event.code);
  }

  /** Heard from recently enough to be believed. */
  lively(): boolean {
    return !this.#over && this.#caughtUp && Date.now() - this.#lastAt < 2 * this.#heartbeatMs;
  }

  drop(): void {
    this.#over = true;
    clearTimeout(this.#watch);
    if (this.#socket) this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket?.close();
  }

  async catchUp(): Promise<void> {
    for (let more = true; more && !this.#stale(); ) {
      const from = this.#o.target.cursor();
      const answer = await this.#sync(from);
      if (this.#stale()) return;
      await this.#apply(() => this.#o.target.applySync(answer, from === null));
      more = answer.more;
    }
  }

  /** A dropped socket must not go on; one that never opened may still ask. */
  #stale(): boolean {
    return this.#over && this.#heard;
  }

  async #sync(cursor: string | null): Promise<SyncAnswer> {
    try {
      return await this.#o.sync(cursor);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'cursor_invalid' || cursor === null) throw error;
      await this.#o.target.forgetCursor();
      return this.#o.sync(null);
    }
  }

  #receive(data: unknown): void {
    if (this.#over) return;
    const frame = parse(data);
    if (!frame) return;
    this.#lastAt = Date.now();
    if (frame.type === 'hello') this.#hello(frame.heartbeat_s);
    else if (frame.type === 'mark') this.#mark(frame.cursor);
    else if (frame.type !== 'ping') this.#frame(frame);
    if (this.#heartbeatMs > 0) this.#expect(2 * this.#heartbeatMs);
  }

  #hello(heartbeat: number): void {
    this.#heard = true;
    this.#heartbeatMs = heartbeat * 1000;
    this.catchUp().then(
      () => this.#live(),
      (error: unknown) => this.#fail(error),
    );
  }

  #live(): void {
    if (this.#over) return;
    this.#caughtUp = true;
    this.#told.live();
  }

  #frame(frame: ChangeEvent): void {
    this.#apply(() => this.#o.target.applyEvent(frame)).catch((error: unknown) => this.#fail(error));
  }

  /** Before the gap is filled a mark would jump over it; the next one will do. */
  #mark(cursor: string): void {
    if (!this.#caughtUp) return;
    this.#apply(() => this.#o.target.mark(cursor)).catch((error: unknown) => this.#fail(error));
  }

  #apply(run: () => Promise<void>): Promise<void> {
    // After a failure nothing later is applied, a mark least of all.
    this.#chain = this.#chain.then(() => (this.#stale() ? undefined : run()));
    return this.#chain;
  }

  #fail(error: unknown): void {
    const session = sessionEnd(error);
    this.#end(session === 'session_expired' ? 4001 : session === 'session_revoked' ? 4002 : 1006);
  }

  #expect(ms: number): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#end(1006), ms);
  }

  #end(code: number): void {
    if (this.#over) return;
    const heard = this.#heard;
    this.drop();
    this.#told.ended(code, heard);
  }
}

function parse(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    return JSON.parse(data) as Frame;
  } catch {
    return null;
  }
}

function sessionEnd(error: unknown): 'session_expired' | 'session_revoked' | null {
  if (!(error instanceof ApiError) || error.status !== 401) return null;
  return error.code === 'session_revoked' ? 'session_revoked' : 'session_expired';
}
