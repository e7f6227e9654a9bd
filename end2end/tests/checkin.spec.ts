// The check-in page (P1, P2, P4): a phone opens its link, asks for an app, and sees what becomes of it.
import { devices as phones } from '@playwright/test';
import { link, phone } from '../fixtures/phone.ts';
import { axe, expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

test('a phone checks in by its link, asks for an app and gets it', async ({ page, browser, pomona, signIn }) => {
  await signIn(page);
  const { path, name } = await link(page, 0);
  await axe(page);

  const context = await phone(browser, pomona.address);
  const mobile = await context.newPage();
  await mobile.goto(path);
  await expect(mobile.getByRole('heading', { level: 1 })).toContainText(name);
  await axe(mobile);
  await mobile.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await mobile.getByRole('button', { name: 'Check this device in' }).click();
  await mobile.waitForURL('/checkin');
  await expect(mobile.getByRole('heading', { level: 1, name, exact: true })).toBeVisible();
  await axe(mobile);

  await mobile.getByRole('link', { name: 'Ask for an app' }).click();
  await mobile.waitForURL(/\/checkin\/ask/);
  const app = mobile.getByRole('listitem').filter({ hasText: 'Free' }).first().getByRole('link');
  const wanted = await app.innerText();
  await axe(mobile);
  await app.click();
  await expect(mobile.getByRole('heading', { level: 1, name: `Ask for ${wanted}` })).toBeVisible();
  await mobile.getByLabel('What do you need it for?').fill('for the choir');
  await axe(mobile);
  await mobile.getByRole('button', { name: 'Send' }).click();
  await mobile.waitForURL('/checkin?asked=true');
  await expect(mobile.getByRole('status')).toContainText('Your request is sent.');
  const request = mobile.getByRole('listitem').filter({ hasText: wanted });
  await expect(request).toContainText('Open');
  // Above all that the device has already.
  await expect(mobile.getByRole('heading', { level: 2 }).first()).toHaveText('Asked for');

  // Whoever answers sees in the menu that there is something to answer.
  await expect(page.getByRole('link', { name: /requests? (is|are) open/ })).toBeVisible();
  await page.goto('/requests');
  const row = page.locator('tbody tr').filter({ hasText: 'for the choir' });
  await expect(row).toContainText(wanted);
  await axe(page);
  await row.getByRole('button', { name: 'Approve' }).click();
  await expect(row).toHaveCount(0);
  // The phone hears of it by itself.
  await expect(request.filter({ hasText: 'Approved' })).toBeVisible();
  await expect(mobile.getByRole('listitem').filter({ hasText: wanted }).filter({ hasText: 'Licensed' })).toBeVisible({
    timeout: 20_000,
  });
  await axe(mobile);
  await context.close();
});

test('a used link is refused kindly, and a refusal says why, without scripts', async ({
  page,
  browser,
  pomona,
  signIn,
  expectMessage,
}) => {
  expectMessage(/410/);
  await signIn(page);
  const { path } = await link(page, 1);
  const context = await browser.newContext({ ...phones['Pixel 5'], baseURL: pomona.address, javaScriptEnabled: false });
  const mobile = await context.newPage();
  await mobile.goto(path);
  await mobile.getByRole('button', { name: 'Check this device in' }).click();
  await mobile.waitForURL(/\/checkin$/);
  await mobile.getByRole('link', { name: 'Ask for an app' }).click();
  await mobile.getByRole('listitem').first().getByRole('link').click();
  await mobile.getByLabel('What do you need it for?').fill('games');
  await mobile.getByRole('button', { name: 'Send' }).click();
  await expect(mobile.getByRole('listitem').filter({ hasText: 'Open' })).toBeVisible();

  await page.goto('/requests');
  const row = page.locator('tbody tr').filter({ hasText: 'games' });
  await row.getByText('Refuse…').click();
  await row.getByLabel('What to tell them').fill('Not in school time');
  await row.getByRole('button', { name: /^Refuse: / }).click();
  await expect(row).toHaveCount(0);
  await mobile.reload();
  await expect(mobile.getByText('Not in school time')).toBeVisible();

  const other = await browser.newContext({ baseURL: pomona.address, javaScriptEnabled: false });
  const late = await other.newPage();
  const answer = await late.goto(path);
  expect(answer?.status()).toBe(410);
  await expect(late.getByText('This check-in link is used')).toBeVisible();
  await other.close();
  await context.close();
});

test('what cannot be read again just now stays, and is read when the phone is back', async ({
  page,
  browser,
  pomona,
  signIn,
  expectMessage,
}) => {
  expectMessage(/ERR_INTERNET_DISCONNECTED/);
  await signIn(page);
  const { path, name } = await link(page, 3);
  const context = await phone(browser, pomona.address);
  const mobile = await context.newPage();
  await mobile.goto(path);
  await mobile.getByRole('button', { name: 'Check this device in' }).click();
  await mobile.waitForURL('/checkin');
  await mobile.getByRole('link', { name: 'Ask for an app' }).click();
  await mobile.getByRole('listitem').first().getByRole('link').click();
  await mobile.getByLabel('What do you need it for?').fill('for a journey');
  await mobile.getByRole('button', { name: 'Send' }).click();
  await mobile.waitForURL('/checkin?asked=true');
  await mobile.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await expect(mobile.getByRole('listitem').filter({ hasText: 'Open' })).toBeVisible();

  await mobile.route('**/api/checkin/*', (route) => route.abort('internetdisconnected'));
  const failed = mobile.waitForEvent('requestfailed');
  await page.goto('/requests');
  const row = page.locator('tbody tr').filter({ hasText: 'for a journey' });
  await row.getByText('Refuse…').click();
  await row.getByRole('button', { name: /^Refuse: / }).click();
  await failed;
  await mobile.getByRole('button', { name: 'This is not my device' }).click();
  await expect(mobile.getByText('Pomona did not answer.')).toBeVisible();
  await expect(mobile.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(mobile.getByRole('listitem').filter({ hasText: 'Open' })).toBeVisible();

  await mobile.unroute('**/api/checkin/*');
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(mobile.getByRole('listitem').filter({ hasText: 'Refused' })).toBeVisible();
  await context.close();
});

test('a request of a device that is gone says so, and is not approved', async ({ page, browser, pomona, signIn }) => {
  await signIn(page);
  const { path } = await link(page, 4);
  const device = page.url().replace(/\/enrol$/, '');
  const context = await phone(browser, pomona.address);
  const mobile = await context.newPage();
  await mobile.goto(path);
  await mobile.getByRole('button', { name: 'Check this device in' }).click();
  await mobile.waitForURL('/checkin');
  await mobile.getByRole('link', { name: 'Ask for an app' }).click();
  await mobile.getByRole('listitem').first().getByRole('link').click();
  await mobile.getByLabel('What do you need it for?').fill('for the sea');
  await mobile.getByRole('button', { name: 'Send' }).click();
  await mobile.waitForURL('/checkin?asked=true');
  await context.close();

  await page.goto(device);
  await page.getByRole('button', { name: 'The device is gone' }).click();
  await expect(page.getByRole('button', { name: 'The device is back' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Assign…' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Sign out its browsers' })).toHaveCount(0);
  await page.goto('/requests');
  const row = page.locator('tbody tr').filter({ hasText: 'for the sea' });
  await expect(row).toContainText('Device gone');
  await expect(row.getByText('Refuse…')).toBeVisible();
  await expect(row.getByRole('button', { name: 'Approve' })).toHaveCount(0);
});

test('on a slow network the page is there and its form works before any script', async ({
  page,
  browser,
  pomona,
  signIn,
  expectMessage,
}) => {
  // What is loaded ahead waits for the scripts that use it.
  expectMessage(/was preloaded using link preload/);
  await signIn(page);
  const { path, name } = await link(page, 2);
  const context = await phone(browser, pomona.address, 'Galaxy S9+');
  const mobile = await context.newPage();
  // Three or four seconds for the page, minutes for what makes it live: the slowest of mobile networks.
  const network = await context.newCDPSession(mobile);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 400,
    downloadThroughput: 6_000,
    uploadThroughput: 6_000,
  });
  await mobile.goto(path, { waitUntil: 'commit' });
  await expect(mobile.getByRole('heading', { level: 1 })).toContainText(name);
  await expect(mobile.locator('html[data-hydrated]')).toHaveCount(0);
  await mobile.getByRole('button', { name: 'Check this device in' }).click({ noWaitAfter: true });
  await mobile.waitForURL('/checkin', { waitUntil: 'commit', timeout: 30_000 });
  await expect(mobile.getByRole('heading', { level: 1, name })).toBeVisible({ timeout: 30_000 });
  await expect(mobile.locator('html[data-hydrated]')).toHaveCount(0);
  await context.close();
});
