// What is asked of every screen, whatever it shows.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const shots = fileURLToPath(new URL('./shots/', import.meta.url));
mkdirSync(shots, { recursive: true });

/** One screen in the middle of a scenario, light and dark. */
export async function judged(page, name, size) {
  await page.screenshot({ path: `${shots}${name}-${size}-light.png`, scale: 'css' });
  const found = [...(await axeFindings(page)), ...(await cutOff(page))];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: `${shots}${name}-${size}-dark.png`, scale: 'css' });
  found.push(...(await axeFindings(page, ['color-contrast'])));
  await page.emulateMedia({ colorScheme: 'light' });
  found.push(...(await smallTargets(page, size === 'phone')));
  assert.deepEqual(found, [], name);
}

/** Serious and critical findings of axe, one line each. */
export async function axeFindings(page, rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (only) => window.axe.run(document, { resultTypes: ['violations'], ...(only && { runOnly: { type: 'rule', values: only } }) }),
    rules,
  );
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .flatMap((one) => one.nodes.slice(0, 3).map((node) => `axe ${one.id}: ${node.html.slice(0, 140)} ${node.any[0]?.message ?? ''}`));
}

/** What stands out of the screen to the right, and text that is cut off. */
export function cutOff(page) {
  return page.evaluate(() => {
    const out = [];
    const drawn = (el) => el.checkVisibility({ visibilityProperty: true }) && !el.closest('.sr, .skip');
    const scrolls = (el) => {
      for (let up = el.parentElement; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (/auto|scroll/.test(style.overflowX) && up.scrollWidth > up.clientWidth && style.overflowX !== 'visible' && up.dataset.sideways !== undefined) return true;
        if (up.matches('table, .table, nav, [class*=matrix]')) return true;
      }
      return false;
    };
    const tell = (el) => `<${el.tagName.toLowerCase()} class="${el.getAttribute('class') ?? ''}"> « ${el.textContent.trim().slice(0, 60)} »`;
    if (document.documentElement.scrollWidth > innerWidth) out.push(`the page is ${document.documentElement.scrollWidth} wide, the screen ${innerWidth}`);
    // What is not in a pane that scrolls moves the whole frame when a note is brought into sight.
    if (document.documentElement.scrollHeight > innerHeight) out.push(`the frame is ${document.documentElement.scrollHeight} high, the screen ${innerHeight}`);
    for (const el of document.body.querySelectorAll('*')) {
      if (!drawn(el) || el.closest('svg')) continue;
      const box = el.getBoundingClientRect();
      if (box.width > 1 && box.height > 1 && box.right > innerWidth + 1 && !scrolls(el)) out.push(`beyond the edge by ${Math.round(box.right - innerWidth)}: ${tell(el)}`);
      const style = getComputedStyle(el);
      const holds = [...el.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      const hidden = /hidden|clip/.test(style.overflowX) || /hidden|clip/.test(style.overflowY);
      if (holds && hidden && el.clientWidth > 1 && (el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 2)) out.push(`cut off: ${tell(el)}`);
    }
    return [...new Set(out)].slice(0, 8);
  });
}

/**
 * Targets smaller than a finger or a pointer needs. Not counted: links within a sentence, as WCAG 2.5.8 has it. A chip is drawn
 * 36 high and stands 44 from the next one. With a pointer the least is 30; 24 for what acts on one line of text.
 */
export function smallTargets(page, touch) {
  return page.evaluate((finger) => {
    const wanted = 'a[href], button, input, select, textarea, summary, [role=button], [role=radio], [role=switch], [role=tab]';
    const top = [...document.querySelectorAll('dialog[open]')].at(-1);
    const all = [...(top ?? document).querySelectorAll(wanted)].filter((el) => el.checkVisibility({ visibilityProperty: true }) && !el.matches('.skip'));
    // The label of a field takes the finger too.
    const measured = () => all.map((el) => {
      const label = el.matches('input') ? el.closest('label') : null;
      const box = (label ?? el).getBoundingClientRect();
      return { el, x: box.x, y: box.y, w: box.width, h: box.height };
    });
    let areas = measured();
    const inSentence = (el) => el.matches('a') && getComputedStyle(el).display === 'inline' && el.parentElement.textContent.trim() !== el.textContent.trim();
    const apart = (one) => {
      const [cx, cy] = [one.x + one.w / 2, one.y + one.h / 2];
      return areas.every((other) => other.el === one.el || one.el.contains(other.el) || other.el.contains(one.el)
        || cx - 22 >= other.x + other.w - 0.5 || cx + 22 <= other.x + 0.5 || cy - 22 >= other.y + other.h - 0.5 || cy + 22 <= other.y + 0.5);
    };
    const reaches = (one, reach) => {
      const [cx, cy] = [one.x + one.w / 2, one.y + one.h / 2];
      return [[cx, cy - reach], [cx, cy + reach], [cx - reach, cy], [cx + reach, cy]].every(([x, y]) => {
        const hit = document.elementFromPoint(x, y);
        return hit && (hit === one.el || one.el.contains(hit) || hit.closest('label')?.contains(one.el));
      });
    };
    const least = finger ? 44 : 30;
    const out = [];
    for (let i = 0; i < all.length; i++) {
      let one = areas[i];
      if (one.w < 2 || one.h < 2 || inSentence(one.el)) continue;
      const size = Math.min(one.w, one.h) + 0.5;
      if (size >= least) continue;
      // Where a finger would press it: in view, not scrolled under a bar.
      one.el.scrollIntoView({ block: 'center' });
      areas = measured();
      one = areas[i];
      if (reaches(one, least / 2 - 1)) continue;
      if (finger && size >= 36 && one.el.closest('.chip') && apart(one)) continue;
      if (!finger && size >= 24 && one.el.matches('.link, .quiet, .text-button, a, .chip, [role=switch], input, dd *')) continue;
      const name = one.el.getAttribute('aria-label') ?? one.el.textContent.trim().slice(0, 40);
      out.push(`target ${Math.round(one.w)}×${Math.round(one.h)}: <${one.el.tagName.toLowerCase()} class="${one.el.getAttribute('class') ?? ''}"> « ${name} »`);
    }
    return [...new Set(out)].slice(0, 10);
  }, touch);
}
