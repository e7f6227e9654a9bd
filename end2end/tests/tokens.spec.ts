// A token's life after the main job: control taken and taken back, renewed, kept twice, deleted in steps. Apple's side is
// read and changed through the sandbox's control API. All of it is about the second location, called Quay here.
import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';

type Control = (path: string, body?: unknown) => Promise<any>;
type Location = { uid: string; name: string; mdmInfo?: { name: string } };

const contoso = { id: 'contoso', name: 'Contoso MDM', metadata: 'mdm.contoso.example' };

test.describe.configure({ mode: 'serial' });

test('control is taken from another MDM when it is asked for by name', async ({ page, signIn, control, pomona }) => {
  await signIn(page);
  await claim(pomona.sandbox, await quay(control));
  await page.goto('/tokens/new');
  await choose(page, await file(control));
  await expect(page.getByText('Managed by another MDM: “Contoso MDM”').first()).toBeVisible();
  await axe(page);
  await page.getByLabel('Token name').fill('Quay');
  // Enter goes on as the button does.
  await page.getByLabel('Token name').press('Enter');
  await expect(page.getByLabel('Apple Account'), 'what a step needs is asked for in that step').toBeFocused();
  await page.getByLabel('Apple Account').fill('it@quay.example');
  await page.getByRole('button', { name: 'Next' }).click();
  const take = page.getByLabel('Take control of the token from “Contoso MDM”');
  await expect(take).not.toBeChecked();
  await take.check();
  await axe(page);
  for (let step = 0; step < 2; step++) await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel(/agree/i).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Completed').first()).toBeVisible({ timeout: 30_000 });
  expect((await quay(control)).mdmInfo?.name).toBe('Pomona');
  await expect(page.getByText('Follow what was sent to Apple')).toBeVisible();
  await axe(page);
});

test('a location that another MDM took is taken back @no-js', async ({ page, signIn, control, pomona, javaScriptEnabled }) => {
  await signIn(page);
  await token(page, control);
  await claim(pomona.sandbox, await quay(control));
  await page.getByRole('button', { name: 'Sync now' }).click();
  await shown(page, 'Managed by another MDM: “Contoso MDM”');
  await page.goto('/');
  await expect(page.locator('tbody tr').filter({ hasText: 'Quay' })).toContainText('Assigned to external MDM');
  await page.getByRole('link', { name: 'Quay' }).first().click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await page.getByRole('link', { name: 'Take back…' }).click();
  await page.waitForURL(/take-control$/);
  await expect(page.getByText('This location is managed by “Contoso MDM”.')).toBeVisible();
  if (javaScriptEnabled) await axe(page);
  await page.getByRole('button', { name: 'Take back from “Contoso MDM”' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Managed by another MDM')).toHaveCount(0);
  expect((await quay(control)).mdmInfo?.name).toBe('Pomona');
});

test('a token is renewed, but not with the file of another location', async ({ page, signIn, control, expectMessage }) => {
  expectMessage(/409/);
  await signIn(page);
  await token(page, control);
  await page.getByRole('link', { name: 'Renew…' }).click();
  await page.waitForURL(/\/renew$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Renew Quay' })).toBeVisible();
  await axe(page);
  const [first] = await control('locations');
  await choose(page, (await control(`locations/${first.uid}/tokens`, {})).token);
  await expect(page.getByRole('alert')).toContainText('This file is of the location');
  await expect(page.getByRole('button', { name: 'Renew token' })).toBeDisabled();
  await choose(page, await file(control));
  await expect(page.getByText('The file fits this token')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Renew token' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
});

test('a token that Apple has revoked is renewed by a plain form too @no-js', async ({ page, signIn, control, expectMessage }) => {
  // Where Pomona has found it out before the button was pressed.
  expectMessage(/422/);
  await signIn(page);
  await token(page, control);
  const old = await file(control);
  await renew(page, old);
  await synced(page);
  await control('tokens/revoke', { token: old });
  await page.getByRole('button', { name: 'Sync now' }).click();
  await shown(page, 'Apple has revoked this token');
  await renew(page, await file(control));
  await synced(page);
  await expect(page.getByText('Apple has revoked this token', { exact: true })).toHaveCount(0);
});

test('a second file of a location renews the token that is there', async ({ page, signIn, control }) => {
  await signIn(page);
  await token(page, control);
  await page.goto('/tokens/new');
  await choose(page, await file(control));
  await expect(page.getByText('This location is here already, as “Quay”')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled();
  await axe(page);
  await page.getByRole('button', { name: 'Renew “Quay” with this file' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Quay' })).toBeVisible();
});

test('two tokens of a location are duplicates until one is deleted @no-js', async ({ page, signIn, control, javaScriptEnabled }) => {
  await signIn(page);
  await token(page, control);
  await create(page, await file(control), 'Quay twin', { twin: true });
  await expect(page.getByText('Two tokens of this location are here')).toBeVisible();
  await page.goto('/tokens');
  for (const name of ['Quay', 'Quay twin']) {
    const row = page.locator('tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
    await expect(row).toContainText('Duplicate');
  }
  await page.getByRole('link', { name: 'Quay twin', exact: true }).click();
  await page.getByRole('link', { name: 'Delete…' }).first().click();
  await page.waitForURL(/\/delete$/);
  await expect(page.getByText('The location stays, with “Quay”')).toBeVisible();
  if (javaScriptEnabled) await axe(page);
  await page.getByLabel('Type the token’s name').fill('Quay twin');
  await page.getByRole('button', { name: 'Delete token' }).click();
  await page.waitForURL(/\/tokens$/);
  await expect(page.getByRole('link', { name: 'Quay twin' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Quay', exact: true }).click();
  await synced(page);
});

test('a token is deleted in steps: export, revoke all, delete @no-js', async ({ page, signIn, control, expectMessage, javaScriptEnabled }) => {
  expectMessage(/422/);
  await signIn(page);
  await token(page, control);
  await synced(page);
  await page.getByRole('link', { name: 'Delete…' }).first().click();
  await page.waitForURL(/\/delete$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Delete Quay' })).toBeVisible();
  if (javaScriptEnabled) await axe(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the licences as CSV' }).click();
  expect((await download).suggestedFilename()).toBe('licenses.csv');
  // Pomona gave none of them: they are taken back if they are asked for.
  await page.getByLabel(/licences too that Pomona did not give/).check();
  await page.getByLabel('to revoke them').fill('quay');
  await page.getByRole('button', { name: 'Revoke the licences' }).click();
  await shown(page, 'There is nothing to revoke.');
  const { uid } = await quay(control);
  const left = (await control(`locations/${uid}/state`)).assignments.length;
  await page.getByLabel('Type the token’s name').fill('something else');
  await page.getByRole('button', { name: 'Delete token' }).click();
  await expect(page.getByText('What was typed is not what was asked for.').first()).toBeVisible();
  await page.getByLabel('Type the token’s name').fill('quay');
  await page.getByRole('button', { name: 'Delete token' }).click();
  await page.waitForURL(/\/tokens$/);
  await expect(page.getByRole('link', { name: 'Quay', exact: true })).toHaveCount(0);
  expect((await control(`locations/${uid}/state`)).assignments.length, 'nothing more changes at Apple').toBe(left);
  await page.goto('/ledger');
  await expect(page.locator('tbody tr').first()).toBeVisible();
});

async function quay(control: Control): Promise<Location> {
  const [, second] = await control('locations');
  return second;
}

/** The text of a fresh token file. */
async function file(control: Control): Promise<string> {
  const { uid } = await quay(control);
  return (await control(`locations/${uid}/tokens`, {})).token;
}

/** Contoso takes the location over at Apple. */
async function claim(sandbox: string, location: Location): Promise<void> {
  const answer = await fetch(new URL(`/control/locations/${location.uid}/claim`, sandbox), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(contoso),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

async function choose(page: Page, text: string): Promise<void> {
  await page.locator('input[type=file]').setInputFiles({
    name: 'quay.vpptoken',
    mimeType: 'text/plain',
    buffer: Buffer.from(text),
  });
}

/** Opens the page of Quay's token; without one, makes one and answers its file. */
async function token(page: Page, control: Control): Promise<string | undefined> {
  await page.goto('/tokens');
  const link = page.getByRole('link', { name: 'Quay', exact: true });
  if ((await link.count()) > 0) {
    await link.click();
    await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
    return undefined;
  }
  const text = await file(control);
  await create(page, text, 'Quay', {});
  await synced(page);
  return text;
}

/** From the token's page. */
async function renew(page: Page, text: string): Promise<void> {
  await page.getByRole('link', { name: 'Renew…' }).first().click();
  await page.waitForURL(/\/renew$/);
  await choose(page, text);
  await page.getByRole('button', { name: 'Renew token' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
}

/** With JavaScript one step after the other, without it one long form. */
async function create(page: Page, text: string, name: string, { twin = false }): Promise<void> {
  await page.goto('/tokens/new');
  await choose(page, text);
  const next = page.getByRole('button', { name: 'Next' });
  const stepwise = (await page.locator('html[data-hydrated]').count()) > 0;
  if (twin) await page.getByLabel('Keep this as a second token').check();
  await page.getByLabel('Token name').fill(name);
  await page.getByLabel('Apple Account').fill('it@quay.example');
  if (stepwise) for (let step = 0; step < 3; step++) await next.click();
  await page.getByLabel(/agree/i).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/tokens\/[0-9a-f-]{36}$/);
}

/** Whether the words are shown: by themselves where the page lives, by reloading where it does not. */
async function shown(page: Page, text: string): Promise<void> {
  const words = page.getByText(text).first();
  await comes(page, (timeout) => expect(words).toBeVisible({ timeout }));
}

/** No sync is under way; that one has been completed says the list of the last syncs, too. */
async function synced(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Sync now' });
  await comes(page, (timeout) => expect(button).toBeEnabled({ timeout }));
  await expect(page.getByText('Completed').first()).toBeVisible();
}

async function comes(page: Page, holds: (timeout: number) => Promise<void>): Promise<void> {
  if ((await page.locator('html[data-hydrated]').count()) > 0) {
    await holds(30_000);
    return;
  }
  await expect(async () => {
    await page.reload();
    await holds(1000);
  }).toPass({ timeout: 30_000 });
}
