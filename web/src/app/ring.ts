// A short sound, and the count on the app's icon. Browsers let a page be heard only after it was touched once.

import { Signal } from '../model/signal';

const STORED = 'liaison.silent';

/** Set by who uses this device; an alert is still shown. */
export const silent = new Signal<boolean>(stored());
silent.subscribe((value) => {
  try {
    localStorage.setItem(STORED, value ? '1' : '');
  } catch {
    // Heard again at the next opening: better than never.
  }
});

function stored(): boolean {
  try {
    return localStorage.getItem(STORED) === '1';
  } catch {
    return false;
  }
}

let audio: AudioContext | null = null;

/** Two notes, rising. */
export function chime(): void {
  if (silent.get() || typeof AudioContext === 'undefined') return;
  try {
    audio ??= new AudioContext();
    void audio.resume();
    note(audio, 660, 0);
    note(audio, 880, 0.18);
  } catch {
    // No sound here; the page shows it.
  }
}

function note(context: AudioContext, pitch: number, after: number): void {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  const at = context.currentTime + after;
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0.0001, at);
  loudness.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.34);
}

export function appBadge(count: number): void {
  const badged = navigator as Navigator & { setAppBadge?(count: number): Promise<void>; clearAppBadge?(): Promise<void> };
  const done = count > 0 ? badged.setAppBadge?.(count) : badged.clearAppBadge?.();
  done?.catch(() => {});
}
