import { type Page } from '@playwright/test';
import { link } from '../fixtures/phone.ts';
import { axe, expect, fits, hydrated, test } from '../fixtures/pomona.ts';
import { askForApp, checkIn, editToken, first, invite } from '../fixtures/ways.ts';
import { pages } from '../pages.ts';

test.use({ filled: true });

/** To each page of pages.ts, and to those of one token, app, device, person or link. */
const ways: Record<string, (page: Page) => Promise<unknown>> = {
  ...Object.fromEntries(pages.map(({ name, path }) => [name, (page: Page) => page.goto(path)])),
  token: (page) => first(page, '/tokens'),
  'token-edit': editToken,
  app: (page) => first(page, '/apps'),
  book: (page) => first(page, '/books'),
  device: (page) => first(page, '/devices'),
  person: (page) => first(page, '/people'),
  welcome: async (page) => page.goto(await invite(page)),
  'check-in-open': async (page) => page.goto((await link(page, 0)).path),
  'check-in-device': checkIn,
  'check-in-choose': async (page) => {
    await checkIn(page);
    await page.goto('/checkin/ask');
  },
  'check-in-ask': askForApp,
};

for (const [name, go] of Object.entries(ways)) {
  test(`${name} has no finding of axe`, async ({ page, signIn }) => {
    await signIn(page);
    await go(page);
    await axe(page);
  });
}

test('a list is sorted by the links of its head, on a phone too', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/devices');
  const serial = page.locator('thead').getByRole('link', { name: 'Serial', exact: false });
  await serial.click();
  await page.waitForURL(/sort=serial/);
  await expect(page.locator('thead [aria-sort=ascending]')).toContainText('Serial');
  expect((await serial.boundingBox())!.height).toBeGreaterThanOrEqual(24);
});

test('a time that has the focus says when exactly it was, and moves no column', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps');
  await hydrated(page);
  const time = page.locator('tbody time').last();
  const exact = async (): Promise<string> => time.evaluate((time) => getComputedStyle(time, '::after').content);
  await expect(time).toHaveAttribute('title', /\d\d:\d\d/);
  const title = await time.getAttribute('title');
  const width = (await time.boundingBox())!.width;
  expect(await exact()).toBe('none');
  await time.focus();
  expect(await exact()).toBe(`"${title}"`);
  expect((await time.boundingBox())!.width).toBe(width);
  await fits(page);
});

test('where a search finds nothing, clearing it keeps what was chosen @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/assign?device=chosen&search=no-app-is-called-so');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await page.waitForURL('/assign?device=chosen');
  await expect(page.locator('tbody tr').first()).toBeVisible();
});

test('a search does not load the page anew, and its fields follow the address', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps');
  const search = page.getByRole('searchbox', { name: 'Search name, publisher or bundle ID' });
  const place = page.getByRole('combobox', { name: 'All locations' });
  const body = await page.locator('body').elementHandle();
  const row = page.locator('tbody tr').first();
  await place.selectOption({ index: 1 });
  const chosen = await place.inputValue();
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get('location') === chosen && !url.searchParams.has('search'));
  await expect(row).toContainText(await place.locator('option:checked').innerText());
  const name = await row.getByRole('link').first().innerText();
  await search.fill(name);
  await search.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('search') === name && url.searchParams.get('location') === chosen);
  await expect(row).toContainText(name);
  await search.fill('no-app-is-called-so');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await axe(page);
  await page.goBack();
  await expect(row).toContainText(name);
  await expect(search).toHaveValue(name);
  await search.fill('no-app-is-called-so');
  await search.press('Enter');
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await page.waitForURL('/apps');
  await expect(search).toHaveValue('');
  await expect(place).toHaveValue('');
  expect(await body!.evaluate((body) => body.isConnected)).toBe(true);
});

test('from a page of a list that is no more the way leads to the first one @no-js', async ({ page, signIn, expectMessage }) => {
  expectMessage(/400/);
  await signIn(page);
  await page.goto('/devices?sort=serial&cursor=none');
  await expect(page.getByText('This page of the list does not exist.')).toBeVisible();
  await page.getByRole('link', { name: 'To the first page' }).click();
  await page.waitForURL('/devices?sort=serial');
  await expect(page.getByRole('heading', { level: 1, name: 'Devices' })).toBeVisible();
});

test('what cannot be read just now is read again when asked, and by itself when the network is back', async ({
  page,
  context,
  signIn,
  expectMessage,
}) => {
  expectMessage(/ERR_INTERNET_DISCONNECTED/);
  await signIn(page);
  await page.goto('/devices');
  await hydrated(page);
  const people = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'People' });
  const heading = page.getByRole('heading', { level: 1, name: 'People' });
  const again = page.getByRole('link', { name: 'Try again' });
  await page.route('**/api/people/**', (route) => route.abort('internetdisconnected'));
  await people.click();
  await expect(page.getByText('Pomona did not answer.')).toBeVisible();
  await axe(page);
  await page.unroute('**/api/people/**');
  await again.click();
  await expect(heading).toBeFocused();

  await page.goto('/devices');
  await hydrated(page);
  await page.route('**/api/people/**', (route) => route.abort('internetdisconnected'));
  await people.click();
  await expect(again).toBeVisible();
  // A network that is back does not carry at once.
  const tried = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/people/'));
  await context.setOffline(true);
  await context.setOffline(false);
  await tried;
  await page.unroute('**/api/people/**');
  await expect(heading).toBeVisible();
});

test('an address that is no page says so, comes alive, and leads on', async ({ page, signIn, expectMessage }) => {
  expectMessage(/404/);
  const refused = async (): Promise<void> => {
    const answer = await page.goto('/nothing/here');
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not found');
    await axe(page);
  };
  await refused();
  await signIn(page);
  await refused();
  await page.getByRole('main').getByRole('link').last().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});
