// Opens exported pages in a real browser, offline, and asserts what no unit test can see:
//   node browser.mjs SCREENSHOT_DIR page.html …
// No console error and no violation of the content security policy; charts that are not blank and gain every sample
// when a case is opened; tables that are complete without JavaScript; no sideways scrolling at 360 px; a dark mode
// that differs. Prints how long opening takes, and leaves screenshots to look at.

import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const NARROW = { width: 360, height: 780 };
const WIDE = { width: 1280, height: 900 };

const [directory, ...files] = process.argv.slice(2);
assert(files.length > 0, 'usage: node browser.mjs SCREENSHOT_DIR page.html …');
mkdirSync(directory, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

/** A page in a context of its own, offline, with everything that goes wrong in it. */
async function open(file, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, offline: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => request.url().startsWith('file:') || faults.push(`requested ${request.url()}`));
  await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: 'load' });
  return { page, faults, close: () => context.close() };
}

const shot = (page, file, name, options) =>
  page.screenshot({ path: join(directory, `${basename(file, '.html')}-${name}.png`), ...options });

async function checkLoad(file) {
  const { page, faults, close } = await open(file);
  const [dom, load] = await page.evaluate(async () => {
    const [entry] = performance.getEntriesByType('navigation');
    return [entry.domContentLoadedEventEnd, entry.loadEventEnd].map(Math.round);
  });
  // Until the first frame after loading: parsing alone would flatter.
  const painted = Math.round(await page.evaluate(() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  })));
  const size = (statSync(file).size / 1e6).toFixed(2);
  console.log(`${basename(file)}: ${size} MB, DOMContentLoaded ${dom} ms, load ${load} ms, painted ${painted} ms`);
  assert.deepEqual(faults, []);
  await close();
}

async function checkCharts(file) {
  const { page, faults, close } = await open(file);
  await shot(page, file, 'light');
  await shot(page, file, 'light-full', { fullPage: true, clip: { x: 0, y: 0, width: WIDE.width, height: 3200 } });
  await page.evaluate(() => scrollTo(0, 0));
  const measured = page.locator('details.case:has(.samples)');
  if (await measured.count() > 0) {
    const first = measured.first();
    await first.locator('summary').first().click();
    await first.locator('.drawn').waitFor();
    const drawn = await first.evaluate((details) => {
      const text = details.querySelector('.samples').dataset.samples;
      const expected = text.split(' ').reduce((sum, part) => sum + Math.floor(part.length / 3 * 2), 0);
      const counts = [...details.querySelectorAll('.samples')].map((figure) =>
        [...figure.querySelectorAll('.dots path')].reduce((sum, dot) => sum + dot.getAttribute('d').split('M').length - 1, 0));
      const broken = [...details.querySelectorAll('path')].filter((path) => /NaN|undefined/.test(path.getAttribute('d')));
      return { expected, counts, broken: broken.length };
    });
    assert.deepEqual(drawn.counts, [drawn.expected], 'every sample is a point');
    assert.equal(drawn.broken, 0);
    for (const plot of await first.locator('.samples .plot').all()) {
      assert(await distinctColours(page, plot) > 20, 'a chart is not blank');
    }
    await first.locator('.samples .plot').focus();
    await page.keyboard.press('ArrowRight');
    assert.match(await first.locator('.readout').textContent(), /Process 1.*: sample 1 of \d+, /);
    await first.scrollIntoViewIfNeeded();
    await first.screenshot({ path: join(directory, `${basename(file, '.html')}-open.png`) });
  }
  assert.deepEqual(faults, []);
  await close();
}

/** How many colours an element shows: one or two, if nothing is drawn. */
async function distinctColours(page, element) {
  const picture = (await element.screenshot()).toString('base64');
  const canvas = await browser.newPage();
  const count = await canvas.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size;
  }, picture);
  await canvas.close();
  return count;
}

async function checkTable(file) {
  const { page, faults, close } = await open(file);
  const rows = page.locator('.cases tbody tr');
  const count = await rows.count();
  const header = page.locator('.cases thead button', { hasText: /^time$/ });
  await header.click();
  const values = await page.$$eval('.cases tbody tr', (all) => {
    const column = [...document.querySelectorAll('.cases thead th')].findIndex((head) => head.textContent === 'time');
    return all.map((row) => row.cells[column].dataset.v).filter(Boolean).map(Number);
  });
  assert.deepEqual(values, values.toSorted((a, b) => a - b), 'a click on a head sorts');
  const name = await rows.first().locator('a').first().textContent();
  await page.fill('#filter', name);
  const shown = await page.locator('.cases tbody tr:visible').count();
  assert(shown >= 1 && (shown < count || count === 1), 'the filter leaves some');
  await page.click('#everything');
  assert.equal(await page.locator('.cases tbody tr:visible').count(), count);
  await page.locator('.cases tbody a').first().click();
  assert.equal(await page.locator('details.case[open]').count(), 1, 'a link opens the case');
  assert.deepEqual(faults, []);
  await close();
}

async function checkWithoutScript(file) {
  const { page, close } = await open(file, { javaScriptEnabled: false });
  const html = page.locator('.cases tbody tr');
  const [rows, details] = [await html.count(), await page.locator('details.case').count()];
  assert.equal(rows, details, 'each row has its details');
  assert.equal(await page.locator('.controls:visible').count(), 0, 'no control that does nothing');
  const columns = await page.locator('.cases thead th').count();
  assert.equal(await page.locator('.cases tbody tr').first().locator('th, td').count(), columns);
  const measured = page.locator('details.case:has(.samples)').first();
  if (await measured.count() > 0) {
    await measured.locator('summary').first().click();
    for (const layer of ['hills', 'ribbons']) {
      const curves = await measured.locator(`.${layer} path`).evaluateAll((paths) => paths.map((path) => {
        const { width, height } = path.getBBox();
        return { width, height };
      }));
      assert(curves.some(({ width, height }) => width > 1 && height > 1), `${layer} are there`);
    }
    assert(await distinctColours(page, measured.locator('.samples .plot')) > 20, 'the chart is not blank');
    await measured.screenshot({ path: join(directory, `${basename(file, '.html')}-noscript-open.png`) });
  }
  await close();
}

async function checkNarrow(file) {
  const { page, faults, close } = await open(file, { viewport: NARROW, deviceScaleFactor: 2 });
  const measured = page.locator('details.case').first();
  if (await measured.count() > 0) await measured.locator('summary').first().click();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await shot(page, file, 'narrow', { fullPage: true, clip: { x: 0, y: 0, width: NARROW.width, height: 2600 } });
  if (await measured.count() > 0) {
    await measured.screenshot({ path: join(directory, `${basename(file, '.html')}-narrow-open.png`) });
  }
  assert(overflow <= 0, `nothing is wider than the page at ${NARROW.width} px (by ${overflow} px)`);
  assert.deepEqual(faults, []);
  await close();
}

async function checkDark(file) {
  const ground = async (colorScheme) => {
    const { page, close } = await open(file, { colorScheme });
    const colours = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color];
    });
    if (colorScheme === 'dark') {
      await shot(page, file, 'dark');
      const measured = page.locator('details.case:has(.samples)').first();
      if (await measured.count() > 0) {
        await measured.locator('summary').first().click();
        await measured.locator('.drawn').waitFor();
        await measured.screenshot({ path: join(directory, `${basename(file, '.html')}-dark-open.png`) });
      }
    }
    await close();
    return colours;
  };
  const [light, dark] = [await ground('light'), await ground('dark')];
  assert.notEqual(light[0], dark[0]);
  assert.notEqual(light[1], dark[1]);
}

async function print(file) {
  const { page, close } = await open(file, { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 760, height: 1080 });
  await shot(page, file, 'print');
  await page.pdf({ path: join(directory, `${basename(file, '.html')}.pdf`), format: 'A4', printBackground: true });
  await close();
}

for (const file of files) {
  for (const check of [checkLoad, checkCharts, checkTable, checkWithoutScript, checkNarrow, checkDark, print]) {
    await check(file);
  }
  console.log(`${basename(file)}: all checks passed`);
}
await browser.close();
