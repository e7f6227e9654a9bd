// The help desk (H2), as somebody who may not touch tokens.
import { type Browser, type Page } from '@playwright/test';
import { axe, expect, hydrated, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

const password = 'five plain words in a row';

type Assignment = { serialNumber?: string };

/** Signs a help-desk worker in: the owner adds the person, the person opens the one-time link. */
async function helpDesk(owner: Page, browser: Browser, address: string): Promise<Page> {
  const email = `desk-${Date.now().toString(36)}@school.example`;
  await owner.goto('/settings/accounts/add');
  await owner.getByLabel('Name', { exact: true }).fill('Hilda Desk');
  await owner.getByLabel('E-mail', { exact: true }).fill(email);
  await owner.getByLabel('Role', { exact: true }).selectOption({ label: 'Help desk' });
  await owner.getByRole('button', { name: 'Add person' }).click();
  const link = owner.getByLabel('Link', { exact: true });
  await expect(link).toHaveValue(/\/welcome\//);
  const path = await link.inputValue();

  const { javaScriptEnabled } = test.info().project.use;
  const context = await browser.newContext({ baseURL: address, javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(new URL(path, address).href);
  await hydrated(page);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  return page;
}

/** Asks from the top bar, as from any page. */
async function ask(page: Page, text: string): Promise<void> {
  const box = page.getByRole('search', { name: 'Whole portal' }).getByRole('searchbox');
  await box.fill(text);
  await box.press('Enter');
  await page.waitForURL(/\/search\?q=/);
  await expect(page.getByRole('heading', { level: 1, name: 'Help desk' })).toBeVisible();
}

test('a serial number leads to its card, and tokens stay out of reach @no-js', async ({
  page,
  browser,
  pomona,
  signIn,
  control,
  expectMessage,
}) => {
  expectMessage(/403/);
  await signIn(page);
  const [first] = await control('locations');
  const { assignments } = await control(`locations/${first.uid}/state`);
  const serial = (assignments as Assignment[]).find(({ serialNumber }) => serialNumber)!.serialNumber!;

  const desk = await helpDesk(page, browser, pomona.address);
  await ask(desk, serial.toLowerCase());
  await expect(desk.getByText(serial).first()).toBeVisible();
  const licence = desk.locator('tbody tr').first();
  await expect(licence).toContainText('Held');
  await expect(licence).toContainText('Apple has it, but nobody gave it here.');
  await expect(licence.getByRole('link', { name: /Renew|Buy|Try again/ })).toHaveCount(0);
  await expect(desk.getByRole('link', { name: 'Give a licence…' })).toBeVisible();

  await desk.getByRole('link', { name: first.name }).first().click();
  await desk.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await expect(desk.getByRole('link', { name: /Edit|Renew|Delete/ })).toHaveCount(0);
  for (const path of ['/tokens/new', `${new URL(desk.url()).pathname}/edit`, '/settings/alerts']) {
    expect((await desk.goto(path))?.status(), path).toBe(403);
    await expect(desk.getByText('Your role does not allow this.')).toBeVisible();
  }
  await desk.context().close();
});

test('names, apps, Apple’s errors and nothing at all are answered @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps');
  const app = (await page.locator('tbody tr').first().getByRole('link').first().innerText()).trim();
  await ask(page, app);
  await expect(page.getByRole('heading', { level: 2, name: 'Apps and books' })).toBeVisible();
  await expect(page.getByRole('link', { name: app }).first()).toBeVisible();

  await page.goto('/devices');
  const device = (await page.locator('tbody tr').first().getByRole('link').first().innerText()).trim();
  await ask(page, device);
  await expect(page.getByText(device).first()).toBeVisible();

  await ask(page, '9709');
  await expect(page.getByRole('heading', { level: 2, name: 'Apple’s error 9709' })).toBeVisible();
  await expect(page.getByText('There are not enough licences available for the app or book.')).toBeVisible();
  await expect(page.getByText(/No licence has failed with it since/)).toBeVisible();

  await ask(page, 'no such thing');
  await expect(page.getByText('Nothing found for “no such thing”')).toBeVisible();
});

test('who waits for a licence is told why and what helps, as far as the role goes', async ({
  page,
  browser,
  pomona,
  signIn,
}) => {
  await signIn(page);
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  await page.getByRole('button', { name: /Plan for all/ }).click();
  await page.waitForURL(/\/plans\//);
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/\/activity\//);
  await page.goto('/licenses?state=waiting');
  const waiting = page.locator('tbody tr').filter({ hasText: 'Waiting' }).first();
  const serial = /\b[A-Z0-9]{10,12}\b/.exec(await waiting.innerText())![0];

  const desk = await helpDesk(page, browser, pomona.address);
  await ask(desk, serial);
  const line = desk.locator('tbody tr').filter({ hasText: 'Waiting' });
  await expect(line).toContainText(/No licence is left; \d+ devices? waits? for one\./);
  await expect(line.getByRole('link', { name: /Buy more licences: \d+ waits?/ })).toBeVisible();
  await axe(desk);
  await desk.context().close();

  await page.goto('/');
  const lists = page.locator('section').filter({ hasText: 'Waiting lists' });
  await expect(lists.getByRole('link', { name: /See who waits|Give the free ones/ }).first()).toBeVisible();
  await axe(page);
});

test('what is warned of is set once and kept @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/');
  await page.getByRole('link', { name: 'Warnings…' }).click();
  await page.waitForURL(/\/settings\/alerts$/);
  await page.getByLabel('Warn below so many licences').fill('12');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await page.goto('/settings/alerts');
  await expect(page.getByLabel('Warn below so many licences')).toHaveValue('12');
});

test('what a person has, and what happened to it, is found by name @no-js', async ({ page, signIn, control, javaScriptEnabled }) => {
  await signIn(page);
  const [first] = await control('locations');
  const { assignments } = await control(`locations/${first.uid}/state`);
  const serial = (assignments as Assignment[]).findLast(({ serialNumber }) => serialNumber)!.serialNumber!;
  const userName = `ada${Date.now().toString(36)}`;
  const name = `Ada ${userName}`;
  const upload = async (path: string, lines: string[]) => {
    await page.goto(path);
    await page.getByLabel('Or paste the lines', { exact: true }).fill(lines.join('\n'));
    await page.getByRole('button', { name: 'Show preview' }).click();
    await page.getByRole('button', { name: 'Import 1 good line', exact: true }).click();
    await expect(page.getByText(/^Imported: /)).toBeVisible();
  };
  await upload('/people/import', ['user_name,name', `${userName},${name}`]);
  await upload('/devices/import', ['serial,user_name', `${serial},${userName}`]);

  await page.goto('/licenses');
  await page.getByRole('searchbox', { name: 'Search a serial number, user ID or person' }).fill(name);
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByRole('group', { name: 'People of that name:' }).getByRole('link', { name }).click();
  await page.waitForURL(/\/licenses\?(.*&)?person=[0-9a-f-]{36}/);
  await expect(page.locator('tbody tr').first()).toContainText(serial);
  for (const row of await page.locator('tbody tr').all()) await expect(row).toContainText(serial);
  await expect(page.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'true');
  if (javaScriptEnabled) await axe(page);

  await page.goto(`/people?search=${userName}`);
  await page.locator('tbody').getByRole('link', { name }).click();
  await page.getByRole('link', { name: 'Ledger', exact: true }).click();
  await page.waitForURL(/\/ledger\?person=[0-9a-f-]{36}$/);
  await expect(page.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'true');
  if (javaScriptEnabled) await axe(page);
});
