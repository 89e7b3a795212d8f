// Waiting for something to become true, and saying what did not.

import { setTimeout as turn } from 'node:timers/promises';

/** The first true answer of `ask`; a fault counts as « not yet », unless it is final, and is told when time is up. */
export async function until(what, ask, within = 10_000) {
  const end = performance.now() + within;
  let fault;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      fault = undefined;
    } catch (error) {
      if (error.final) throw error;
      fault = error;
    }
    if (performance.now() > end) throw new Error(`not within ${within} ms: ${what}`, { cause: fault });
    await turn(25);
  }
}
