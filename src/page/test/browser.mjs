// Chromium for the tests, and pages in it.

import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { chromium } = createRequire(path.resolve('target/page/browser/package.json'))('playwright-core');

/** The page that is in the repository. */
export const PAGE = path.resolve('docs/edge-and-level.html');
/** The one whose traces were recorded just now. */
export const FRESH = path.resolve('target/page/edge-and-level.html');
const LIMIT_MILLIS = 120_000;

/** As root it has no sandbox; it is shown files of this repository alone. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'], timeout: LIMIT_MILLIS });
}

/** Opens a file; `page.errors` and `page.requests` are what went wrong and what was asked for. */
export async function open(browser, file = PAGE, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MILLIS);
  page.errors = [];
  page.requests = [];
  page.on('pageerror', (e) => page.errors.push(e.message));
  page.on('console', (message) => page.errors.push(message.text()));
  page.on('request', (request) => page.requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return page;
}

/** The row of one way in the table of counts, by name. */
export function counts(page, way) {
  return page.locator(`#counts tr[data-way="${way}"] td`).evaluateAll((cells) => Object.fromEntries(cells.map((cell) => [cell.dataset.count, Number(cell.dataset.value)])));
}
