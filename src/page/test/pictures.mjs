// Takes docs/edge-and-level-light.png and docs/edge-and-level-dark.png.

import path from 'node:path';
import { launch, open } from './browser.mjs';

const browser = await launch();
for (const colorScheme of ['light', 'dark']) {
  const page = await open(browser, undefined, { colorScheme, viewport: { width: 1180, height: 1000 } });
  await page.locator('.live .small.no-print').first().evaluate((hint) => hint.remove()); // it is read in the page
  const file = path.join('docs', `edge-and-level-${colorScheme}.png`);
  const begin = await page.locator('#timeline-title').evaluate((title) => Math.floor(title.getBoundingClientRect().top + scrollY) - 8);
  const end = await page.locator('.legend:visible').evaluate((legend) => legend.getBoundingClientRect().bottom + scrollY);
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: begin, width: 1180, height: Math.ceil(end - begin) + 10 } });
  console.log(`page: ${file}`);
}
await browser.close();
