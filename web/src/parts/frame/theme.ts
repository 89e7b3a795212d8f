// Light or dark as the device says, unless the person chose.

import { Signal } from '../../model/signal';

export type Theme = 'system' | 'light' | 'dark';
const STORED = 'liaison.theme';

export const theme = new Signal<Theme>(stored());

export function followTheme(): void {
  theme.subscribe((now) => {
    if (now === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    try {
      localStorage.setItem(STORED, now);
    } catch {
      // Kept until the page is closed.
    }
  });
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
