import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChangeEvent, SyncAnswer } from '../model/types';
import { created, FakeSocket, gate, message, syncAnswer, until } from '../testing/fakes';
import { ApiError, Offline } from './http';
import { Live, type LiveTarget } from './live';

/** Keeps what it was told, in order. */
class Target implements LiveTarget {
  log: string[] = [];
  now: string | null = 'cursor-0';
  applying: Promise<void> = Promise.resolve();

  cursor() {
    return this.now;
  }
  async applySync(answer: SyncAnswer, fresh: boolean) {
    this.log.push(`sync ${answer.cursor}${fresh ? ' fresh' : ''}`);
    this.now = answer.cursor;
  }
  async applyEvent(event: ChangeEvent) {
    await this.applying;
    this.log.push(`event ${event.message?.id}`);
  }
  async mark(cursor: string) {
    this.log.push(`mark ${cursor}`);
    this.now = cursor;
  }
  async forgetCursor() {
    this.log.push('forget');
    this.now = null;
  }
}

let sockets: FakeSocket[];
let target: Target;
let live: Live;
let sync: ReturnType<typeof vi.fn<(cursor: string | null) => Promise<SyncAnswer>>>;
let signedOut: string[];
const last = () => sockets.at(-1)!;
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  sockets = [];
  signedOut = [];
  target = new Target();
  sync = vi.fn(async () => syncAnswer());
  const open = () => {
    sockets.push(new FakeSocket());
    return last();
  };
  live = new Live({ target, open, sync, onSignedOut: (code) => signedOut.push(code), random: () => 1 });
});
afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

async function goLive(): Promise<void> {
  live.start();
  last().say({ type: 'hello', heartbeat_s: 20 });
  await settle();
  await settle();
}

describe('live', () => {
  it('fills the gap after hello, page by page, then is live', async () => {
    sync.mockResolvedValueOnce(syncAnswer({ cursor: 'cursor-1', more: true }));
    sync.mockResolvedValueOnce(syncAnswer({ cursor: 'cursor-2' }));
    expect(live.state.get()).toBe('connecting');
    await goLive();
    expect(sync.mock.calls).toEqual([['cursor-0'], ['cursor-1']]);
    expect(target.log).toEqual(['sync cursor-1', 'sync cursor-2']);
    expect(live.state.get()).toBe('live');
  });

  it('applies frames in their order, and a mark only behind them', async () => {
    await goLive();
    const slow = gate<void>();
    target.applying = slow.promise;
    last().say(created(message({ id: 'a' })));
    last().say({ type: 'mark', cursor: 'cursor-9' });
    await settle();
    expect(target.now).toBe('cursor-1');
    slow.open();
    await settle();
    expect(target.log).toEqual(['sync cursor-1', 'event a', 'mark cursor-9']);
  });

  it('ignores a mark that would jump over a gap not filled yet', async () => {
    const slow = gate<SyncAnswer>();
    sync.mockReturnValueOnce(slow.promise);
    live.start();
    last().say({ type: 'hello', heartbeat_s: 20 });
    last().say({ type: 'mark', cursor: 'too-far' });
    last().say(created(message({ id: 'a' })));
    await settle();
    expect(target.log).toEqual(['event a']);
    slow.open(syncAnswer());
    await settle();
    await settle();
    expect(target.log).toEqual(['event a', 'sync cursor-1']);
    expect(live.state.get()).toBe('live');
  });

  it('applies nothing after a failure, and comes back with the old cursor', async () => {
    await goLive();
    target.applying = Promise.reject(new Error('disk full'));
    target.applying.catch(() => {});
    last().say(created(message({ id: 'a' })));
    last().say({ type: 'mark', cursor: 'cursor-9' });
    await settle();
    expect(target.log).toEqual(['sync cursor-1']);
    expect(sockets[0]!.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    target.applying = Promise.resolve();
    last().say({ type: 'hello', heartbeat_s: 20 });
    await settle();
    expect(sync).toHaveBeenLastCalledWith('cursor-1');
  });

  it('comes back after a break, each time later, and at once when the network does', async () => {
    sync.mockRejectedValue(new Offline());
    live.start();
    last().drop();
    await settle();
    expect(live.state.get()).toBe('offline');
    await vi.advanceTimersByTimeAsync(499);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(2);
    last().drop();
    await settle();
    await vi.advanceTimersByTimeAsync(999);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(3);
    last().drop();
    await settle();
    live.retry();
    expect(sockets).toHaveLength(4);
  });

  it('never waits longer than half a minute', async () => {
    sync.mockRejectedValue(new Offline());
    live.start();
    const waits: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const from = Date.now();
      last().drop();
      for (const before = sockets.length; sockets.length === before; ) await vi.advanceTimersByTimeAsync(100);
      waits.push(Date.now() - from);
    }
    expect(Math.max(...waits)).toBe(30_000);
    expect(waits.slice(0, 3)).toEqual([500, 1_000, 2_000]);
  });

  it('does not call itself offline when only the socket is refused, and reads what changed', async () => {
    live.start();
    last().drop();
    await settle();
    await settle();
    expect(live.state.get()).toBe('connecting');
    expect(target.log).toEqual(['sync cursor-1']);
  });

  it('does not believe a silent socket', async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(30_000);
    last().say({ type: 'ping' });
    await vi.advanceTimersByTimeAsync(39_000);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_600);
    expect(sockets).toHaveLength(2);
    expect(sockets[0]!.closed).toBe(true);
  });

  it('gives up on a socket that never says hello', async () => {
    live.start();
    await vi.advanceTimersByTimeAsync(10_600);
    expect(sockets).toHaveLength(2);
  });

  it('leaves a lively connection alone when the page comes back', async () => {
    await goLive();
    live.retry();
    expect(sockets).toHaveLength(1);
    vi.setSystemTime(Date.now() + 41_000);
    live.retry();
    expect(sockets).toHaveLength(2);
  });

  it.each([
    [4001, 'session_expired'],
    [4002, 'session_revoked'],
  ])('stops at %i and says %s', async (code, reason) => {
    await goLive();
    last().drop(code);
    await settle();
    expect(signedOut).toEqual([reason]);
    expect(live.state.get()).toBe('signed_out');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('learns from a call that the refused handshake meant an ended session', async () => {
    sync.mockRejectedValue(new ApiError(401, { code: 'session_revoked' }));
    live.start();
    last().drop();
    await settle();
    expect(signedOut).toEqual(['session_revoked']);
  });

  it.each([4008, 4003, 1012, 1006])('comes back after %i', async (code) => {
    await goLive();
    last().drop(code);
    await settle();
    expect(live.state.get()).toBe('connecting');
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
  });

  it('keeps away longer when there are too many connections', async () => {
    await goLive();
    last().drop(4029);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets).toHaveLength(2);
  });

  it('starts afresh when the server no longer knows the cursor', async () => {
    sync.mockRejectedValueOnce(new ApiError(400, { code: 'cursor_invalid' }));
    await goLive();
    expect(target.log).toEqual(['forget', 'sync cursor-1']);
    expect(sync.mock.calls).toEqual([['cursor-0'], [null]]);
  });

  it('says that a first reading is fresh', async () => {
    target.now = null;
    await goLive();
    expect(target.log).toEqual(['sync cursor-1 fresh']);
  });

  it('hears nothing more once stopped', async () => {
    await goLive();
    const socket = last();
    live.stop();
    socket.say(created(message({ id: 'late' })));
    await settle();
    expect(target.log).toEqual(['sync cursor-1']);
    await until(() => socket.closed);
  });
});
