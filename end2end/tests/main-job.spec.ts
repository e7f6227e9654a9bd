// The main job end to end: a token file goes in, licences are assigned at Apple and come back. Apple's side is read from
// the sandbox's control API at every step.
import { type Locator, type Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { axe, expect, test } from '../fixtures/pomona.ts';

type Assignment = { adamId: string; serialNumber?: string };
type State = { assignments: Assignment[]; location: { mdmInfo?: { name: string } } };

test.describe.configure({ mode: 'serial' });

test('a wrong file is told what is wrong with it, before anything is stored', async ({ page, signIn, expectMessage }) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto('/tokens/new');
  await page.locator('input[type=file]').setInputFiles({
    name: 'holiday.vpptoken',
    mimeType: 'text/plain',
    buffer: Buffer.from('<html>not a token</html>'),
  });
  await expect(page.getByRole('alert')).toContainText('base64');
  await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled();
  await page.goto('/tokens');
  await expect(page.locator('tbody tr')).toHaveCount(0);
});

test('a token is created in four steps and its sync is watched', async ({ page, signIn, pomona, control }) => {
  await signIn(page);
  await createToken(page, pomona.tokenFiles[0]!);
  // Without a reload: the page hears of each step.
  await expect(page.getByText('Completed').first()).toBeVisible({ timeout: 30_000 });
  const state = await apple(control);
  expect(state.location.mdmInfo?.name).toBe('Pomona');
  await axe(page);
});

test('devices get licences with the plan first, and one is revoked again', async ({ page, signIn, control }) => {
  await signIn(page);
  const before = (await apple(control)).assignments.length;
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await expect(page.getByText('Bundle ID')).toBeVisible();
  await axe(page);

  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  // Macs do not run it.
  await only(page, 'iPadOS');
  const devices = page.locator('tbody tr').filter({ hasText: /\b0$/ });
  for (const row of [devices.nth(0), devices.nth(1)]) await row.getByRole('checkbox').check();
  await axe(page);
  await page.getByRole('button', { name: 'Plan for ticked devices' }).click();
  await page.waitForURL(/\/plans\//);
  await expect(page.getByText('get a licence now')).toBeVisible();
  expect((await apple(control)).assignments.length, 'a plan changes nothing').toBe(before);
  await axe(page);

  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/\/activity\//);
  // Without a reload: each licence turns as Apple confirms.
  await expect(page.locator('tbody tr').filter({ hasText: 'Done' })).toHaveCount(2);
  const after = await apple(control);
  expect(after.assignments.length).toBe(before + 2);
  await axe(page);

  const serial = (await page.locator('tbody tr').first().getByRole('link').first().innerText()).trim();
  await page.goto(`/licenses?holder=${serial}`);
  await expect(page.locator('tbody tr').first()).toContainText('Held');
  await axe(page);
  await page.getByRole('link', { name: /Revoke/ }).first().click();
  await page.waitForURL(/\/licenses\/revoke/);
  await expect(page.getByRole('heading', { level: 1, name: 'Revoke licences' })).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: /Revoke/ }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.locator('tbody tr').filter({ hasText: 'Done' })).toHaveCount(1);
  const left = (await apple(control)).assignments;
  expect(left.length).toBe(before + 1);
  expect(left.some((assignment) => assignment.serialNumber === serial)).toBe(false);

  await page.goto(`/ledger?holder=${serial}`);
  await expect(page.locator('tbody tr')).toHaveCount(4);
  await axe(page);
});

test('ticks stay while the list shows other devices', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  const rows = page.locator('tbody tr');
  const box = rows.first().getByRole('checkbox');

  const pad = await only(page, 'iPadOS');
  await box.check();
  const elsewhere = page.getByText('more is ticked that this page of the list does not show');
  await expect(elsewhere).toHaveCount(0);
  await only(page, 'macOS');
  await expect(elsewhere).toBeVisible();
  await axe(page);
  await only(page, 'iPadOS');
  await expect(elsewhere).toHaveCount(0);
  await expect(box).toBeChecked();

  // What is unticked is, wherever the list goes.
  await only(page, 'macOS');
  await page.getByRole('button', { name: 'Untick' }).click();
  await expect(elsewhere).toHaveCount(0);
  await only(page, 'iPadOS');
  await expect(box).not.toBeChecked();
  await box.check();
  const mac = await only(page, 'macOS');
  await box.check();
  await only(page, 'iPadOS');
  const search = page.getByRole('searchbox', { name: 'Search name, user, model or serial number' });
  await search.fill(pad);
  await search.press('Enter');
  await page.waitForURL(new RegExp(`search=${pad}`));
  await expect(rows).toHaveCount(1);
  await expect(box).toBeChecked();
  await expect(elsewhere).toBeVisible();
  await page.getByRole('button', { name: 'Plan for ticked devices' }).click();
  await page.waitForURL(/\/plans\//);
  await expect(rows).toHaveCount(2);
  for (const serial of [pad, mac]) await expect(page.locator('tbody')).toContainText(serial);
});

test('without scripts too, devices get licences with the plan first, and one is revoked again @no-js', async ({
  page,
  signIn,
  pomona,
  control,
}) => {
  await signIn(page);
  await ensureToken(page, pomona.tokenFiles[0]!);
  const before = (await apple(control)).assignments;
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  const adamId = await page.locator('dl > div').filter({ hasText: 'adamId' }).locator('dd').innerText();
  const holders = async (): Promise<(string | undefined)[]> => {
    const { assignments } = await apple(control);
    expect(assignments.filter((one) => one.adamId !== adamId)).toEqual(before.filter((one) => one.adamId !== adamId));
    return assignments.filter((one) => one.adamId === adamId).map(({ serialNumber }) => serialNumber).sort();
  };
  const had = await holders();

  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  await only(page, 'iPadOS');
  const devices = page.locator('tbody tr').filter({ hasText: /\b0$/ });
  const serials: string[] = [];
  for (const row of [devices.nth(0), devices.nth(1)]) {
    await row.getByRole('checkbox').check();
    serials.push(await row.locator('td').nth(1).innerText());
  }
  const [revoked, kept] = serials as [string, string];
  await page.getByRole('button', { name: 'Plan for ticked devices' }).click();
  await page.waitForURL(/\/plans\//);
  await expect(page.getByText('get a licence now')).toBeVisible();
  for (const serial of serials) await expect(page.locator('tbody')).toContainText(serial);
  expect(await holders(), 'a plan changes nothing').toEqual(had);

  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/\/activity\//);
  const done = page.locator('tbody tr').filter({ hasText: 'Done' });
  await atLast(page, done.nth(1));
  expect(await holders()).toEqual([...had, ...serials].sort());

  await page.goto(`/licenses?holder=${revoked}`);
  await atLast(page, page.locator('tbody tr').filter({ hasText: 'Held' }));
  await page.getByRole('link', { name: /Revoke/ }).first().click();
  await page.waitForURL(/\/licenses\/revoke/);
  expect(await holders(), 'nor does the question').toEqual([...had, ...serials].sort());
  await page.getByRole('button', { name: /Revoke/ }).click();
  await page.waitForURL(/\/activity\//);
  await atLast(page, done);
  expect(await holders()).toEqual([...had, kept].sort());
});

test('more devices than licences: the plan says who waits @no-js', async ({ page, signIn, pomona }) => {
  await signIn(page);
  await ensureToken(page, pomona.tokenFiles[0]!);
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  await page.getByRole('button', { name: /Plan for all/ }).click();
  await page.waitForURL(/\/plans\//);
  await expect(page.getByText('wait for a licence')).toBeVisible();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.locator('tbody tr').filter({ hasText: 'Waiting' }).first()).toBeVisible();
});

test('serial numbers are pasted, and what is none is shown @no-js', async ({ page, signIn, pomona }) => {
  await signIn(page);
  await ensureToken(page, pomona.tokenFiles[0]!);
  await page.goto('/apps');
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).last().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await page.getByRole('link', { name: 'Assign…' }).click();
  await page.waitForURL(/\/assign/);
  await page.getByLabel('Serial numbers').fill('NOTKNOWN01, no-serial');
  await page.getByRole('button', { name: 'Plan for these serial numbers' }).click();
  await page.waitForURL(/\/plans\//);
  await expect(page.locator('tbody tr')).toHaveCount(2);
  await expect(page.getByText('cannot have one')).toBeVisible();
});

/** The first location's side of things. */
async function apple(control: (path: string) => Promise<any>): Promise<State> {
  const [first] = await control('locations');
  return control(`locations/${first.uid}/state`);
}

async function createToken(page: Page, file: string): Promise<void> {
  await page.goto('/tokens/new');
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByText('The token is in order')).toBeVisible();
  await axe(page);
  await page.getByLabel('Token name').fill('Harbour');
  await page.getByLabel('Apple Account').fill('it@harbour.example');
  for (let step = 0; step < 3; step++) await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel(/agree/i).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
}

/** Shows the devices of one platform, once the list has only those; the first one's serial number. */
async function only(page: Page, platform: string): Promise<string> {
  await page.getByRole('link', { name: platform, exact: true }).click();
  await page.waitForURL(new RegExp(`platform=${platform.toLowerCase()}`));
  const cells = page.locator('tbody tr').first().locator('td');
  await expect(cells.nth(2)).toContainText(platform);
  const serial = await cells.nth(1).innerText();
  expect(serial, 'a row that is there is laid out at once').toMatch(/^\w+$/);
  return serial;
}

/** Without JavaScript the four steps are one long form. */
async function ensureToken(page: Page, file: string): Promise<void> {
  await page.goto('/tokens');
  if ((await page.locator('tbody tr').count()) > 0) return;
  await page.goto('/tokens/new');
  const name = file.split('/').pop()!;
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: await readFile(file) });
  await page.getByLabel('Token name').fill('Harbour');
  await page.getByLabel('Apple Account').fill('it@harbour.example');
  await page.getByLabel(/agree/i).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await atLast(page, page.getByText('Completed').first());
}

/** By reloading, as one without JavaScript has to. */
async function atLast(page: Page, sight: Locator): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(sight).toBeVisible({ timeout: 1000 });
  }).toPass();
}
