// Lighthouse's judgement of the three pages that people meet first, on its phone. What does not depend on the machine must be
// faultless; how fast they are is a figure of `make bench`, which reads the lines printed here.
import { type BrowserContext, chromium } from '@playwright/test';
import lighthouse from 'lighthouse';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '../fixtures/pomona.ts';
import { link, phone } from '../fixtures/phone.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const categories = ['performance', 'accessibility', 'best-practices'] as const;

/** Signed in as this context is; scores from 0 to 100. */
async function judge(address: string, context?: BrowserContext): Promise<Record<(typeof categories)[number], number>> {
  const { launchOptions } = test.info().project.use;
  const port = await freePort();
  const args = [...(launchOptions?.args ?? []), `--remote-debugging-port=${port}`];
  const browser = await chromium.launch({ ...launchOptions, args });
  try {
    const cookies = (await context?.cookies(address)) ?? [];
    const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const result = await lighthouse(address, {
      port,
      onlyCategories: [...categories],
      logLevel: 'error',
      ...(Cookie === '' ? {} : { extraHeaders: { Cookie } }),
    });
    const report = result!.lhr;
    const scores = categories.map((name) => [name, Math.round(100 * (report.categories[name]?.score ?? 0))] as const);
    const page = new URL(report.finalDisplayedUrl).pathname;
    console.log(`lighthouse ${page} ${scores.map(([name, score]) => `${name}=${score}`).join(' ')}`);
    const faults = Object.values(report.audits).filter(({ score }) => score !== null && score < 0.9);
    const lines = faults.map(({ id, score, displayValue }) => `${id}: ${score} ${displayValue ?? ''}`);
    await test.info().attach(`lighthouse ${page}`, { body: lines.join('\n') });
    expect.soft(page, 'the page that was judged').toBe(new URL(address).pathname);
    return Object.fromEntries(scores) as Record<(typeof categories)[number], number>;
  } finally {
    await browser.close();
  }
}

/** Lighthouse talks to a browser by its port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const faultless = expect.objectContaining({ accessibility: 100, 'best-practices': 100 });

test('signing in', async ({ pomona }) => {
  expect(await judge(`${pomona.address}/sign-in`)).toEqual(faultless);
});

test('the list of apps', async ({ page, context, pomona, signIn }) => {
  await signIn(page);
  expect(await judge(`${pomona.address}/apps`, context)).toEqual(faultless);
});

test('the check-in page', async ({ page, browser, pomona, signIn }) => {
  await signIn(page);
  const { path } = await link(page, 0);
  const mobile = await phone(browser, pomona.address);
  const visitor = await mobile.newPage();
  await visitor.goto(path);
  await visitor.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await visitor.getByRole('button', { name: 'Check this device in' }).click();
  await visitor.waitForURL('/checkin');
  expect(await judge(`${pomona.address}/checkin`, mobile)).toEqual(faultless);
  await mobile.close();
});
