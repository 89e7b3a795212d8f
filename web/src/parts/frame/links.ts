// A click on a link of ours goes through the router; every other click is the browser's.

import { app } from '../../app/app';

export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  const path = link?.getAttribute('href');
  if (!path?.startsWith('/') || link?.target || link?.hasAttribute('download')) return;
  event.preventDefault();
  app.router.go(path);
}

/** After a change of page the focus goes to its title, so that it is read out. */
export function focusTitle(main: HTMLElement | undefined): void {
  if (!main) return;
  const title = main.querySelector('h1') ?? main;
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
}
