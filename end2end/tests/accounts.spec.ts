import { type Page } from '@playwright/test';
import { axe, expect, test, hydrated } from '../fixtures/pomona.ts';

const password = 'five plain words in a row';

/** An address of this test run's own. */
let made = 0;
const address = () => `person-${Date.now().toString(36)}-${made++}@school.example`;

/** The row of the list that holds a text. */
const row = (page: Page, text: string) => page.locator('tbody tr', { hasText: text });

/** Adds a person and answers the one-time link as shown. */
async function add(page: Page, name: string, email: string, role: string): Promise<string> {
  await page.goto('/settings/accounts/add');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('E-mail', { exact: true }).fill(email);
  await page.getByLabel('Role', { exact: true }).selectOption({ label: role });
  await page.getByRole('button', { name: 'Add person' }).click();
  const link = page.getByLabel('Link', { exact: true });
  await expect(link).toHaveValue(/\/welcome\//);
  return link.inputValue();
}

/** Opens a one-time link and sets the password. */
async function accept(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Welcome to Pomona' })).toBeVisible();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
}

test('a person added with a role opens the link once, sets a password and may do what the role says @no-js', async ({
  page,
  browser,
  pomona,
  signIn,
  expectMessage,
}) => {
  // What the role does not allow, and the link that is used up.
  expectMessage(/403|410/);
  const email = address();
  await signIn(page);
  const link = new URL(await add(page, 'Hilda Desk', email, 'Help desk'), pomona.address).href;
  await page.goto('/settings/accounts');
  await expect(page.getByLabel('Link', { exact: true }), 'the link is shown once').toHaveCount(0);
  await expect(row(page, email)).toContainText('Invited');

  const other = await browser.newContext({ baseURL: pomona.address });
  const theirs = await other.newPage();
  await accept(theirs, link);

  const menu = theirs.getByRole('navigation', { name: 'Main' });
  await expect(menu.getByRole('link', { name: 'Devices' })).toBeVisible();
  await expect(menu.getByRole('link', { name: 'Accounts' })).toHaveCount(0);
  await theirs.goto('/tokens');
  await expect(theirs.getByRole('link', { name: 'Create' })).toHaveCount(0);
  await theirs.goto('/devices');
  await expect(theirs.getByRole('link', { name: 'Upload CSV' })).toHaveCount(0);
  for (const path of ['/settings/accounts', '/settings/accounts/add', '/devices/add', '/devices/import', '/tokens/new']) {
    expect((await theirs.goto(path))?.status(), path).toBe(403);
    await expect(theirs.getByText('Your role does not allow this.')).toBeVisible();
  }
  await other.close();

  const late = await browser.newContext({ baseURL: pomona.address });
  const latecomer = await late.newPage();
  await latecomer.goto(link);
  await expect(latecomer.getByRole('alert')).toContainText('This link is used up');
  await late.close();

  await page.goto('/settings/accounts');
  await expect(row(page, email)).toContainText('Active');
});

test('a wrong or taken address is refused at its field, and what was typed stays @no-js', async ({
  page,
  pomona,
  signIn,
  expectMessage,
}) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto('/settings/accounts/add');
  await page.getByLabel('Name', { exact: true }).fill('Twice');
  await page.getByLabel('E-mail', { exact: true }).fill(pomona.signIn.email);
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Administrator' });
  await page.getByRole('button', { name: 'Add person' }).click();
  await expect(page.getByText('Another account has this e-mail address.')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Twice');
  await expect(page.getByLabel('E-mail', { exact: true })).toHaveValue(pomona.signIn.email);
  await expect(page.getByLabel('Role', { exact: true })).toHaveValue('administrator');
});

test('the last owner can be neither disabled nor given less @no-js', async ({ page, pomona, signIn, expectMessage }) => {
  expectMessage(/409/);
  await signIn(page);
  await page.goto('/settings/accounts');
  const own = row(page, pomona.signIn.email);
  await own.getByRole('button', { name: /^Disable/ }).click();
  await expect(page.getByRole('alert')).toContainText('This is the last owner.');

  await page.goto('/settings/accounts');
  await own.getByRole('combobox').selectOption({ label: 'Read-only' });
  await own.getByRole('button', { name: /^Change role/ }).click();
  await expect(page.getByRole('alert')).toContainText('Make somebody else an owner first.');
  await page.goto('/settings/accounts');
  await expect(own.getByRole('combobox')).toHaveValue('owner');
});

test('a person is disabled, is signed out at once, and comes back with a new link @no-js', async ({
  page,
  browser,
  pomona,
  signIn,
}) => {
  const email = address();
  await signIn(page);
  const link = new URL(await add(page, 'Ada Away', email, 'Read-only'), pomona.address).href;
  const other = await browser.newContext({ baseURL: pomona.address });
  const theirs = await other.newPage();
  await accept(theirs, link);

  await page.goto('/settings/accounts');
  await row(page, email).getByRole('button', { name: /^Disable/ }).click();
  await expect(row(page, email)).toContainText('Disabled');
  await theirs.goto('/devices');
  await expect(theirs).toHaveURL(/\/sign-in/);

  await row(page, email).getByRole('button', { name: /^Enable/ }).click();
  await expect(row(page, email)).toContainText('Active');
  await row(page, email).getByRole('combobox').selectOption({ label: 'Help desk' });
  const changed = page.waitForResponse((response) => response.url().endsWith('/api/accounts/set-role'));
  await row(page, email).getByRole('button', { name: /^Change role/ }).click();
  await changed;
  await page.goto('/settings/accounts');
  await expect(row(page, email).getByRole('combobox')).toHaveValue('help_desk');
  await row(page, email).getByRole('button', { name: /^New link/ }).click();
  const again = page.getByLabel('Link', { exact: true });
  await expect(again).toHaveValue(/\/welcome\//);
  await accept(theirs, new URL(await again.inputValue(), pomona.address).href);
  await other.close();
});

test('the link is copied whole', async ({ page, context, pomona, signIn }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: pomona.address });
  await signIn(page);
  const link = await add(page, 'Cora Copy', address(), 'Read-only');
  expect(link).toContain(pomona.address);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Link copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await axe(page);
});
