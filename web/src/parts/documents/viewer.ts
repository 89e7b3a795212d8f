import type { Component } from 'svelte';
import type { MessageDocument } from '../../model/types';

interface ViewerProps extends Record<string, unknown> {
  documents: MessageDocument[];
  start: number;
  onclose: () => void;
}

/** Read when something is opened for the first time. */
export async function viewer(): Promise<Component<ViewerProps>> {
  return (await import('./Viewer.svelte')).default as unknown as Component<ViewerProps>;
}
