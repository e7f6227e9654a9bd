// Revoking with a second thought: held back and cancelled, done and undone; licences from before are asked for apart.
import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

test('an app’s licences from before Pomona are revoked only when asked for too', async ({ page, signIn }) => {
  await signIn(page);
  await openUsedApp(page);
  await page.getByRole('link', { name: 'Revoke all…' }).click();
  await page.waitForURL(/\/licenses\/revoke/);
  await expect(page.getByText(/not given by Pomona and stay/)).toBeVisible();
  // None, but for what other tests of this server have given since.
  const button = page.getByRole('button', { name: /^Revoke \d+ licences?$/ });
  const words = (await button.count()) > 0 ? await button.innerText() : 'Revoke 0 licences';
  await axe(page);
  await page.getByRole('link', { name: 'Revoke these too' }).click();
  await page.waitForURL(/unknown=goes/);
  const number = (text: string) => Number(text.match(/\d+/)![0]);
  await expect.poll(async () => number(await button.innerText())).toBeGreaterThan(number(words));
  await axe(page);
});

test('a revocation is held back and cancelled', async ({ page, signIn }) => {
  await signIn(page);
  await revokeFirst(page, 30);
  await expect(page.getByText('Held back: nothing has been sent to Apple')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await expect(page.getByText('Held back: nothing has been sent to Apple')).toHaveCount(0);
  await expect(page.getByText('Cancelled').first()).toBeVisible();
  await expect(page.locator('tbody tr').filter({ hasText: 'Not sent' })).toHaveCount(1);
});

test('a refused revocation keeps why and how long it is held back @no-js', async ({ page, signIn, expectMessage }) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto('/licenses?state=held');
  await page.getByRole('link', { name: /^Revoke .* on / }).first().click();
  await page.waitForURL(/\/licenses\/revoke/);
  await page.getByLabel('Hold back for so many minutes').fill('30');
  // Too long.
  await page.getByLabel('Reason').fill('x'.repeat(1_000));
  await page.getByRole('button', { name: 'Revoke 1 licence' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('Hold back for so many minutes')).toHaveValue('30');
  await expect(page.getByLabel('Reason')).toHaveValue(/^x{300}/);
});

test('a finished revocation is undone', async ({ page, signIn }) => {
  await signIn(page);
  await revokeFirst(page, 0);
  await expect(page.locator('tbody tr').filter({ hasText: 'Done' })).toHaveCount(1);
  // What was read anew meanwhile has not taken the focus away.
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  const serial = (await page.locator('tbody tr').first().getByRole('link').first().innerText()).trim();
  const operation = page.url();
  const acts = page.locator('tbody tr');
  await page.goto(`/ledger?holder=${serial}`);
  await expect(acts.first()).toBeVisible();
  const before = await acts.count();
  await page.goto(operation);
  await page.getByRole('link', { name: 'Undo…' }).click();
  await page.waitForURL(/\/activity\/.*\/undo$/);
  await expect(page.getByText('1 licence is given again')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await page.waitForURL(/\/activity\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Undoes')).toBeVisible();
  await expect(page.locator('tbody tr').filter({ hasText: 'Done' })).toHaveCount(1);
  await page.goto(`/ledger?holder=${serial}`);
  await expect(acts).toHaveCount(before + 2);
});

test('the catalogue shows a row per app, and remembers it', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps');
  await expect(page.locator('tbody')).toContainText(/\d retired/);
  await page.getByRole('link', { name: 'A row per app' }).click();
  await page.waitForURL(/view=apps/);
  await expect(page.getByRole('columnheader', { name: 'Locations' })).toBeVisible();
  await expect(page.locator('tbody')).toContainText(/\d retired/);
  await axe(page);
  await page.goto('/apps');
  await expect(page.getByRole('columnheader', { name: 'Locations' })).toBeVisible();
  await page.getByRole('link', { name: 'A row per token and app' }).click();
  await expect(page.getByRole('columnheader', { name: 'Locations' })).toHaveCount(0);
});

test('a page of one view of the catalogue stays itself when the other one was chosen since @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps?view=tokens');
  await page.goto('/apps?rows=2');
  await page.getByRole('link', { name: 'Next', exact: true }).click();
  await page.waitForURL(/cursor=/);
  const second = page.url();
  expect(second).toContain('view=tokens');
  const title = await page.locator('tbody tr').first().innerText();
  await page.goto('/apps?view=apps');
  await page.goto(second);
  await expect(page.locator('tbody tr').first()).toContainText(title.split('\n')[0]!);
  await page.goto('/apps?view=tokens');
});

test('devices are protected from reclaim rules, and not any more', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/reclaim/kept');
  const serials = page.getByLabel('Serial numbers');
  await serials.fill('KEPT00000001');
  await page.getByLabel('Reason').fill('lent to a museum');
  await page.getByRole('button', { name: 'Protect devices' }).click();
  await expect(page.getByText('The devices are protected.')).toBeVisible();
  await expect(serials).toHaveValue('');
  await expect(page.getByLabel('Reason')).toHaveValue('');
  const row = page.locator('tbody tr').filter({ hasText: 'KEPT00000001' });
  await expect(row).toContainText('lent to a museum');
  await row.getByRole('button', { name: /^Remove/ }).click();
  await expect(page.getByText('Rules apply to it again.')).toBeVisible();
  await expect(row).toHaveCount(0);
});

async function openUsedApp(page: Page): Promise<void> {
  await page.goto('/drift');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
}

/** Revokes the first licence that can be, held back for so many minutes. */
async function revokeFirst(page: Page, minutes: number): Promise<void> {
  await page.goto('/licenses?state=held');
  await page.getByRole('link', { name: /^Revoke .* on / }).first().click();
  await page.waitForURL(/\/licenses\/revoke/);
  await page.getByLabel('Hold back for so many minutes').fill(String(minutes));
  await page.getByRole('button', { name: 'Revoke 1 licence' }).click();
  await page.waitForURL(/\/activity\//);
}
