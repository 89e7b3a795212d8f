// Draws public/*.png from public/favicon.svg with the browser at hand (CHROMIUM, by default Debian's).
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'public');
const svg = readFileSync(join(folder, 'favicon.svg'), 'utf8');
const square = svg.replace(' rx="14"', '');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
await draw('icon-192.png', 192, svg, 1);
await draw('icon-512.png', 512, svg, 1);
// A mask may cut a fifth on each side; Apple's rounds the corners itself.
await draw('icon-maskable-512.png', 512, square, 0.72);
await draw('apple-touch-icon.png', 180, square, 0.86);
await browser.close();

async function draw(name, size, drawing, scale) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const edge = Math.round(size * scale);
  const background = scale < 1 ? '#2F3B8F' : 'transparent';
  await page.setContent(
    `<body style="margin:0;background:${background};display:grid;place-items:center;height:100vh">` +
      drawing.replace('<svg ', `<svg width="${edge}" height="${edge}" `),
  );
  writeFileSync(join(folder, name), await page.screenshot({ omitBackground: true }));
  await page.close();
}
