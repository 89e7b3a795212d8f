// Whether two columns fit: the list stands beside the page, not before it.

import { Signal } from '../../model/signal';

const query = matchMedia('(min-width: 800px)');

export const wide = new Signal(query.matches);
query.addEventListener('change', () => wide.set(query.matches));
