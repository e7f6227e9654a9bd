// People at Apple: a user licence whose invitation is accepted, a book that nobody can take back, and licences that a rule
// finds and somebody reviews.
import { type Page } from '@playwright/test';
import { axe, expect, hydrated, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

const person = 'ines.lund@skola.example';
/** The id of the group that only she is in. */
let readers = '';
/** The app of which she has a user licence. */
let hers = '';

/** The last part of the address of the first app or book that can be given. */
async function first(page: Page, list: '/apps' | '/books'): Promise<string> {
  await page.goto(list === '/apps' ? '/apps?platform=iOS' : list);
  await page.locator('tbody tr').filter({ hasText: 'In stock' }).first().getByRole('link').first().click();
  await page.waitForURL(/\/(apps|books)\/\d+$/);
  return page.url().match(/\d+$/)![0];
}

/** The plan of giving her group user licences of it. */
async function planForReaders(page: Page, asset: string): Promise<void> {
  await page.goto(`/assignments/edit?asset=${asset}`);
  await page.getByLabel('Group', { exact: true }).selectOption(readers);
  await page.getByLabel('Intent').selectOption('required');
  await page.getByLabel('Licence kind', { exact: true }).selectOption('user');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await expect(page.getByRole('heading', { level: 1, name: 'Plan of an assignment' })).toBeVisible();
}

/** A group of fixed members; its id. */
async function addGroup(page: Page, kind: 'people' | 'devices', name: string, members = ''): Promise<string> {
  await page.goto(`/groups/new?kind=${kind}&how=fixed`);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.locator('textarea[name="members"]').fill(members);
  await page.getByRole('button', { name: 'Add group' }).click();
  await page.waitForURL(/\/groups\/[0-9a-f]+-/);
  return new URL(page.url()).pathname.split('/').at(-1)!;
}

/** Opens the person's page again until Apple's user is in that state. */
async function untilUser(page: Page, state: string): Promise<void> {
  await page.goto(`/people?search=${encodeURIComponent(person)}`);
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/people\/[0-9a-f-]+$/);
  const row = page.locator('tbody tr').filter({ hasText: 'by invitation' });
  await expect(async () => {
    await page.reload();
    await expect(row.first()).toContainText(state, { timeout: 1_000 });
  }).toPass();
}

test('a user licence is registered, invited to, and held once the invitation is accepted', async ({ page, signIn, control }) => {
  await signIn(page);
  await page.goto('/people/new');
  await page.getByLabel('User name', { exact: true }).fill(person);
  await page.getByLabel('Name', { exact: true }).fill('Ines Lund');
  await page.getByRole('button', { name: 'Add person' }).click();
  await expect(page.getByText('Apple does not know this person yet')).toBeVisible();
  readers = await addGroup(page, 'people', 'Readers', person);

  hers = await first(page, '/apps');
  await planForReaders(page, hers);
  await axe(page);
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await expect(page.getByText('This plan has been applied').or(page.locator('h1', { hasText: /^Assign/ }))).toBeVisible();
  await untilUser(page, 'Registered');
  await axe(page);
  const link = await page.getByRole('textbox', { name: /link|invitation/i }).first().inputValue();
  const code = new URL(link).searchParams.get('inviteCode')!;
  await hydrated(page);
  await page.getByLabel('Department or class').fill('Typed meanwhile');
  await control(`invitations/${code}/accept`, { appleAccount: 'ines@icloud.example' });
  // Without a reload, so what is typed stays.
  await expect(page.locator('tbody tr').filter({ hasText: 'by invitation' }).first()).toContainText('Associated');
  await expect(page.getByLabel('Department or class')).toHaveValue('Typed meanwhile');
  await untilUser(page, 'Associated');
  const licenses = page.locator('tbody tr').filter({ hasText: 'by invitation' }).locator('a[href^="/licenses?holder="]').first();
  await licenses.click();
  await page.waitForURL(/\/licenses\?holder=/);
  await expect(page.getByRole('heading', { level: 1, name: 'Licences' })).toBeVisible();
  await expect(page.locator('tbody tr').first()).toContainText('Held');
});

test('a user licence becomes one of its person’s device', async ({ page, signIn, expectMessage }) => {
  await signIn(page);
  await page.goto(`/licenses/move?asset=${hers}`);
  await expect(page.getByText('The person has no device')).toBeVisible();
  await expect(page.getByText('No user licence of this app can become one of devices.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start' })).toHaveCount(0);
  const serial = `M${Date.now().toString(36).toUpperCase()}`.padEnd(12, '0').slice(0, 12);
  await page.goto('/devices/import');
  await page.getByLabel('Or paste the lines').fill(`serial,name,platform,user\n${serial},Hers,iOS,${person}`);
  await page.getByRole('button', { name: 'Show preview' }).click();
  await page.getByRole('button', { name: 'Import 1 good line' }).click();
  await expect(page.getByText('Imported: 1 added')).toBeVisible();

  await page.goto(`/licenses?asset=${hers}`);
  await page.getByRole('link', { name: 'User licences to devices' }).click();
  await page.waitForURL(/\/licenses\/move/);
  await expect(page.getByText('Device licences for 1 user licence: 1')).toBeVisible();
  await axe(page);
  const pace = page.getByLabel('People at once');
  await pace.fill('7');
  await page.getByLabel('Who is first').selectOption('name');
  await page.getByRole('button', { name: 'Show the cost' }).click();
  await page.waitForURL(/pace=7/);
  await hydrated(page);
  await expect(pace).toHaveValue('7');
  await expect(page.getByLabel('Who is first')).toHaveValue('name');
  expectMessage(/422/);
  await page.getByLabel('Reason').fill('x'.repeat(1_000));
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expect(pace).toHaveValue('7');
  await page.getByLabel('Reason').fill('Shared from autumn');
  await page.getByRole('button', { name: 'Start' }).click();
  // Told as Apple confirms, without a reload.
  await expect(page.locator('.tag', { hasText: 'Done' })).toBeVisible();
  await axe(page);
  const licenses = async (holder: string, held: number): Promise<void> => {
    await page.goto(`/licenses?asset=${hers}&holder=${holder}&state=held`);
    await expect(page.locator('tbody tr')).toHaveCount(held);
  };
  await licenses(serial, 1);
  await page.goto(`/ledger?asset=${hers}&holder=${serial}`);
  await expect(page.locator('tbody tr').first()).toContainText('Shared from autumn');
});

test('a book asks a second time, and is never taken back', async ({ page, signIn, expectMessage }) => {
  // Nothing of it can be revoked.
  expectMessage(/422/);
  await signIn(page);
  const book = await first(page, '/books');
  await planForReaders(page, book);
  await axe(page);
  const apply = page.getByRole('button', { name: 'Save and apply' });
  await apply.click();
  // The browser asks for the box to be ticked first.
  await expect(page).toHaveURL(/\/assignments\/plans\//);
  await page.getByLabel('I know that books can never be taken back').check();
  await apply.click();
  await page.waitForURL(/\/activity\//);
  await expect(async () => {
    await page.goto(`/licenses?asset=${book}`);
    await expect(page.locator('tbody tr').first()).toContainText('Held', { timeout: 1_000 });
  }).toPass();
  await page.goto(`/licenses/revoke?asset=${book}`);
  await expect(page.getByText(/books and some apps can never be revoked|Books can never be taken back/).first()).toBeVisible();
  await axe(page);
});

test('a rule is saved with what stands in its form, also after a look at what it would take @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/reclaim/rule?kind=unseen');
  const [days, mode, hold] = [
    page.getByLabel('Days', { exact: true }),
    page.getByLabel('Mode'),
    page.getByLabel('When automatic: hold back for so many minutes'),
  ];
  await days.fill('45');
  await mode.selectOption('review');
  await hold.fill('30');
  await page.getByRole('button', { name: 'Show what it would take' }).click();
  await page.waitForURL(/days=45/);
  await hydrated(page);
  await expect(days).toHaveValue('45');
  await expect(mode).toHaveValue('review');
  await expect(hold).toHaveValue('30');
  await days.fill('3000');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/reclaim\/rules$/);
  await page.goto('/reclaim/rule?kind=unseen');
  await expect(days).toHaveValue('3000');
  await expect(mode).toHaveValue('review');
  await expect(hold).toHaveValue('30');
});

test('what a rule finds is reviewed, and taken back when approved', async ({ page, signIn }) => {
  await signIn(page);
  const app = await first(page, '/apps');
  // A device gets it by hand, and it is assigned to a group that the device is not in.
  const serial = `C${Date.now().toString(36).toUpperCase()}`.padEnd(12, '0').slice(0, 12);
  await page.goto('/devices/import');
  await page.getByLabel('Or paste the lines').fill(`serial,name\n${serial},Reviewed`);
  await page.getByRole('button', { name: 'Show preview' }).click();
  await page.getByRole('button', { name: 'Import 1 good line' }).click();
  await expect(page.getByText('Imported: 1 added')).toBeVisible();
  await page.goto(`/assign?asset=${app}`);
  await page.getByLabel('Serial numbers').fill(serial);
  await page.getByRole('button', { name: 'Plan for these serial numbers' }).click();
  await page.waitForURL(/\/plans\//);
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.locator('tbody tr').first()).toContainText('Done');
  const group = await addGroup(page, 'devices', 'Nobody yet');
  await page.goto(`/assignments/edit?asset=${app}`);
  await page.getByLabel('Group', { exact: true }).selectOption(group);
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await expect(page.getByText('This plan has been applied').or(page.locator('h1', { hasText: /^Assign/ }))).toBeVisible();

  await page.goto('/reclaim/rule?kind=out_of_scope');
  await axe(page);
  await page.getByLabel('Mode').selectOption('review');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/reclaim\/rules$/);
  const found = page.locator('tbody tr').filter({ hasText: serial });
  await expect(async () => {
    await page.goto('/reclaim');
    await expect(found).toHaveCount(1, { timeout: 1_000 });
  }).toPass();
  await axe(page);
  await found.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Take back ticked' }).click();
  await page.waitForURL(/\/reclaim\/decide/);
  await expect(page.getByRole('heading', { level: 1, name: 'Decide' })).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Revoke 1 licence' }).click();
  await expect(page).not.toHaveURL(/decide/);
  await expect(async () => {
    await page.goto(`/licenses?asset=${app}&holder=${serial}`);
    await expect(page.getByText('Nothing matches')).toBeVisible({ timeout: 1_000 });
  }).toPass();
});
