// What the service worker does with a push, apart from its events so that it can be tested. A push holds an opaque id and a class
// of urgency; the words are ours, and say nothing of the patient.

export interface Ring {
  alert: string | null;
  title: string;
  body: string;
  tag: string;
}

const words = {
  urgent: 'Une alerte urgente vous attend.',
  ended: 'Une alerte a pris fin : quelqu’un s’en occupe ou elle a été annulée.',
  test: 'Essai reçu : cet appareil recevra les alertes.',
};

/** Whatever came, something is shown: a browser that gets a push and shows nothing is cut off. */
export function ringOf(text: string | null): Ring {
  const alert = idIn(text);
  const test = alert === null && /"urgency":\s*"test"/.test(text ?? '');
  return { alert, title: 'Liaison', body: test ? words.test : words.urgent, tag: `liaison-${alert ?? ''}` };
}

function idIn(text: string | null): string | null {
  try {
    const { alert_id } = JSON.parse(text ?? '') as { alert_id?: unknown };
    return typeof alert_id === 'string' && /^[0-9a-f-]{36}$/i.test(alert_id) ? alert_id : null;
  } catch {
    return null;
  }
}

const PATIENCE_MS = 2_000;

/** A push may have waited at its service while somebody else took the alert: then that is what is shown. */
export async function worthOf(ring: Ring, ask: typeof fetch): Promise<Ring> {
  if (!ring.alert) return ring;
  try {
    const answer = await ask(`/api/v1/alerts/${ring.alert}`, { credentials: 'same-origin', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) return ring;
    const { state } = (await answer.json()) as { state?: string };
    return state && state !== 'open' ? { ...ring, body: words.ended } : ring;
  } catch {
    return ring;
  }
}

/** The note an alert is about; the list of alerts when it cannot be asked now. */
export async function addressOf(alert: string | null, ask: typeof fetch): Promise<string> {
  const list = '/alertes';
  if (!alert) return list;
  try {
    const answer = await ask(`/api/v1/alerts/${alert}`, { credentials: 'same-origin' });
    if (!answer.ok) return list;
    const { team_id, message_id } = (await answer.json()) as { team_id: string; message_id: string };
    return `/patients/${encodeURIComponent(team_id)}/messages/${encodeURIComponent(message_id)}`;
  } catch {
    return list;
  }
}

/** The device has it: « remis ». Not said, the next step of the alert only comes sooner. */
export async function delivered(alert: string | null, ask: typeof fetch): Promise<void> {
  if (!alert) return;
  await ask(`/api/v1/alerts/${alert}/delivered`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  }).catch(() => {});
}
