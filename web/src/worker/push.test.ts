import { describe, expect, it, vi } from 'vitest';
import { addressOf, delivered, ringOf, worthOf } from './push';

const ID = '0190f7a0-0000-7000-8000-000000000001';

describe('push', () => {
  it('shows words of ours, and nothing of what came but its id', () => {
    const ring = ringOf(JSON.stringify({ alert_id: ID, urgency: 'urgent', notification: { title: 'Mme X', body: 'TA 186/104' } }));
    expect(ring).toMatchObject({ alert: ID, title: 'Liaison', tag: `liaison-${ID}` });
    expect(JSON.stringify(ring)).not.toContain('186');
  });

  it.each([null, '', 'not json', '{"alert_id": 7}', '{"alert_id": "../../x"}'])('shows something whatever came: %s', (text) => {
    expect(ringOf(text)).toMatchObject({ alert: null, title: 'Liaison' });
  });

  it('knows a test', () => {
    expect(ringOf('{"urgency":"test"}').body).toContain('Essai');
  });

  it('says that an alert has ended meanwhile, and rings when it cannot ask', async () => {
    const ring = ringOf(JSON.stringify({ alert_id: ID }));
    expect((await worthOf(ring, async () => new Response('{"state":"taken"}'))).body).toContain('pris fin');
    expect(await worthOf(ring, async () => new Response('{"state":"open"}'))).toEqual(ring);
    expect(await worthOf(ring, () => Promise.reject(new TypeError()))).toEqual(ring);
  });

  it('opens the note, or the list when it cannot ask', async () => {
    const ask = vi.fn(async () => new Response(JSON.stringify({ team_id: 't', message_id: 'm' })));
    expect(await addressOf(ID, ask)).toBe('/patients/t/messages/m');
    expect(await addressOf(ID, async () => new Response('', { status: 404 }))).toBe('/alertes');
    expect(await addressOf(ID, () => Promise.reject(new TypeError()))).toBe('/alertes');
    expect(await addressOf(null, ask)).toBe('/alertes');
  });

  it('tells that it was delivered, without a fault when it cannot', async () => {
    const ask = vi.fn(async () => new Response(null, { status: 204 }));
    await delivered(ID, ask);
    expect(ask).toHaveBeenCalledWith(`/api/v1/alerts/${ID}/delivered`, expect.objectContaining({ method: 'POST' }));
    await delivered(ID, () => Promise.reject(new TypeError()));
    await delivered(null, ask);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
