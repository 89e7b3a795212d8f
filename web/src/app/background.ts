/** Work nobody waits for. A database closed meanwhile (signed out, page left) ends it without a word. */
export function background(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    const name = error instanceof Error || error instanceof DOMException ? error.name : '';
    if (name !== 'InvalidStateError' && name !== 'AbortError') throw error;
  });
}
