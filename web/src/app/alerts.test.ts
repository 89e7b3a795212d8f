import { describe, expect, it, vi } from 'vitest';
import type { Alert } from '../model/types';
import { teamItem } from '../testing/fakes';
import { Alerts } from './alerts';
import { ApiError } from './http';

const alert = (change: Partial<Alert> = {}): Alert => ({
  id: 'a1',
  team_id: 'team-1',
  channel_id: 'channel-1',
  message_id: 'm1',
  patient: teamItem().patient,
  severity: 'urgent',
  state: 'open',
  raised_by: { id: 'n', display_name: 'Nadia Ferhat' },
  raised_at: '2026-11-17T07:10:00Z',
  owner: null,
  ended_at: null,
  mine: true,
  steps: [],
  ...change,
});

function world(server: { open: Alert[] }) {
  const api = {
    alerts: vi.fn(async (state: string) => ({ items: state === 'open' ? [...server.open] : [], next: null })),
    alert: vi.fn(async (id: string) => server.open.find((one) => one.id === id)!),
    alertOf: vi.fn(async () => server.open[0]!),
    takers: vi.fn(async () => ({ items: [], next: null })),
    acknowledge: vi.fn(async (id: string) => alert({ id, state: 'taken', mine: false })),
    alertShown: vi.fn(async () => {}),
    alertSeen: vi.fn(async () => {}),
  };
  const ring = vi.fn();
  const badge = vi.fn();
  let visible = true;
  const alerts = new Alerts({ me: 'me', api, ring, badge, visible: () => visible });
  return { api, ring, badge, alerts, hide: () => (visible = false), show: () => (visible = true) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('alerts', () => {
  it('rings once for one that asks me, and says that it was shown', async () => {
    const { alerts, api, ring, badge } = world({ open: [alert()] });
    await alerts.refresh();
    await alerts.refresh();
    expect(ring).toHaveBeenCalledTimes(1);
    expect(api.alertShown).toHaveBeenCalledTimes(1);
    expect(badge).toHaveBeenLastCalledWith(1);
  });

  it('rings again when it is repeated', async () => {
    const step = (repeated_at: string | null) => ({ professional: { id: 'me', display_name: '' }, asked_at: '2026-11-17T07:10:00Z', repeated_at, delivered_at: null, seen_at: null, answered_at: null, outcome: null });
    const server = { open: [alert({ steps: [step(null)] })] };
    const { alerts, ring, api } = world(server);
    await alerts.refresh();
    server.open = [alert({ steps: [step('2026-11-17T07:15:00Z')] })];
    await alerts.refresh();
    expect([ring.mock.calls.length, api.alertShown.mock.calls.length]).toEqual([2, 2]);
  });

  it('does not say « shown » while the page is out of sight, and does when it comes back', async () => {
    const { alerts, api, hide, show } = world({ open: [alert()] });
    hide();
    await alerts.refresh();
    expect(api.alertShown).not.toHaveBeenCalled();
    show();
    alerts.seen();
    await settled();
    expect(api.alertShown).toHaveBeenCalledWith('a1');
  });

  it('does not ring for one that asks somebody else', async () => {
    const { alerts, ring } = world({ open: [alert({ mine: false })] });
    await alerts.refresh();
    expect(alerts.view.get().open).toEqual([]);
    expect(ring).not.toHaveBeenCalled();
  });

  it('follows what the server tells, also beside the note', async () => {
    const server = { open: [alert()] };
    const { alerts } = world(server);
    const beside = alerts.of('m1');
    await alerts.refresh();
    const step = { professional: { id: 'me', display_name: 'Dr Hélène Baudry' }, asked_at: '2026-11-17T07:10:00Z', delivered_at: null, seen_at: null, answered_at: null, outcome: null };
    server.open = [alert({ state: 'taken', mine: false, steps: [step] })];
    alerts.heard({ type: 'alert', channel_id: 'channel-1', alert: { id: 'a1', message_id: 'm1', state: 'taken' } });
    await settled();
    expect(beside.get()?.state).toBe('taken');
    expect(alerts.view.get()).toMatchObject({ open: [], ended: [{ id: 'a1' }] });
  });

  it('takes an alert; when somebody was quicker it shows who and says so', async () => {
    const server = { open: [alert()] };
    const { alerts, api, badge } = world(server);
    await alerts.refresh();
    api.acknowledge.mockRejectedValueOnce(new ApiError(409, { code: 'alert_ended' }));
    server.open = [alert({ state: 'taken', mine: false })];
    await expect(alerts.acknowledge('a1', 'taken')).rejects.toMatchObject({ code: 'alert_ended' });
    expect(alerts.asking.get()).toEqual([]);
    expect(badge).toHaveBeenLastCalledWith(0);
  });
});
