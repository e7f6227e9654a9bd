// Assignments to groups: the plan first, then licences; a waiting list that fills after a purchase; why; and the end of it.
import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

/** The path of an app that has none left, so that whoever else is to have it waits. */
let app = '';

test('a group is assigned with the plan first, and whoever lacks a licence waits', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps?level=out');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+/);
  app = page.url().match(/\/apps\/(\d+)/)![1]!;
  await page.getByRole('link', { name: 'Assignments', exact: true }).click();
  await page.waitForURL(/\/assignments\?asset=/);
  await expect(page.getByText('No group is assigned')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Add group' }).first().click();
  await page.waitForURL(/\/assignments\/edit/);
  await expect(page.getByRole('heading', { level: 1, name: 'Assign to a group' })).toBeVisible();
  await axe(page);
  await page.getByLabel('Group', { exact: true }).selectOption('all_devices');
  await page.getByLabel('Intent').selectOption('required');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await expect(page.getByText('Get a licence').first()).toBeVisible();
  await expect(page.locator('tbody tr').filter({ hasText: 'Waits' }).first()).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await page.waitForURL(/\/activity\//);
  await page.goto(`/assignments?asset=${app}`);
  const row = page.locator('tbody tr').filter({ hasText: 'All devices' });
  await expect(row).toContainText('Required');
  await axe(page);
  await page.goto('/apps?level=out');
  const listed = page.locator('tbody tr').filter({ has: page.locator(`a[href="/apps/${app}"]`) });
  await expect(listed).toContainText('Assigned to 1 group');
});

test('what is bought goes to the first on the waiting list', async ({ page, signIn, control }) => {
  await signIn(page);
  await page.goto(`/apps/${app}`);
  const adamId = await page.locator('dl > div').filter({ hasText: 'adamId' }).locator('dd').innerText();
  await page.goto(`/assignments/waiting?asset=${app}`);
  await expect(page.locator('h1')).toContainText('Waiting list');
  await axe(page);
  const first = await holder(page, 0);
  const third = await holder(page, 2);
  type Asset = { adamId: string; availableCount: number };
  for (const { uid } of await control('locations')) {
    const { assets } = await control(`locations/${uid}/state?assignments=false`);
    if (assets.some((asset: Asset) => asset.adamId === adamId && asset.availableCount === 0)) {
      await control(`locations/${uid}/buy`, { adamId, count: 2 });
      break;
    }
  }
  // Without a reload: Apple tells it, and the page hears of it.
  await expect.poll(() => holder(page, 0)).toBe(third);
  await page.goto(`/licenses?asset=${app}&holder=${first}`);
  await expect(page.locator('tbody tr').first()).toContainText('Held');
});

test('each place on the list is explained', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto(`/assignments/waiting?asset=${app}`);
  await page.locator('tbody tr').first().getByRole('link', { name: 'Why' }).click();
  await page.waitForURL(/\/explain\?/);
  await expect(page.getByText('required for a group of devices stands alone')).toBeVisible();
  await axe(page);
});

test('available is refused for a group of devices, with the reason', async ({ page, signIn, expectMessage }) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto(`/assignments/edit?asset=${app}`);
  await page.getByLabel('Group', { exact: true }).selectOption('all_devices');
  await page.getByLabel('Intent').selectOption('available');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await expect(page.getByRole('alert')).toContainText('devices cannot ask for it');
  await axe(page);
});

test('what was chosen for a group stays while the group is looked for @no-js', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps?platform=iOS');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+/);
  await page.goto(`/assignments/edit?asset=${page.url().match(/\/apps\/(\d+)/)![1]!}`);
  const [intent, reserved] = [page.getByLabel('Intent'), page.getByLabel('Licences kept for this group')];
  const removable = page.getByLabel('People may delete the app');
  const ticked = !(await removable.isChecked());
  await intent.selectOption('uninstall');
  await reserved.fill('3');
  await removable.setChecked(ticked);
  await page.getByLabel('Find a group by its name').fill('All dev');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.waitForURL(/find=All/);
  await expect(page.getByLabel('Find a group by its name')).toHaveValue('All dev');
  await expect(page.getByLabel('Group', { exact: true }).locator('option')).toHaveText([/^All devices/]);
  await expect(intent).toHaveValue('uninstall');
  await expect(reserved).toHaveValue('3');
  await expect(removable).toBeChecked({ checked: ticked });
});

test('a plan that takes licences away says how many lose them, and fits however long the app’s name', async ({
  page,
  signIn,
}) => {
  await signIn(page);
  await page.goto('/apps');
  const apps = page.locator('tbody tr').filter({ hasText: 'In stock' }).locator('th a');
  const names = await apps.allInnerTexts();
  const longest = names.reduce((one, other) => (other.length > one.length ? other : one));
  const asset = (await apps.nth(names.indexOf(longest)).getAttribute('href'))!.split('/').pop();
  const plan = async (intent: string): Promise<void> => {
    await page.goto(`/assignments/edit?asset=${asset}&group=all_devices`);
    await page.getByLabel('Intent').selectOption(intent);
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.waitForURL(/\/assignments\/plans\//);
  };
  await plan('required');
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await expect(page.getByRole('link', { name: 'Undo…' })).toBeVisible({ timeout: 30_000 });
  await plan('uninstall');
  await expect(page.getByRole('button', { name: /^Save; \d\d holders lose / })).toBeVisible();
  await axe(page);

  await page.goto(`/assignments?asset=${asset}`);
  await page.getByRole('button', { name: 'Remove All devices' }).click();
  const remove = page.getByRole('button', { name: /^Remove; \d\d holders lose / });
  await expect(remove).toBeVisible();
  await axe(page);
  await remove.click();
  await page.waitForURL(/\/activity\//);
});

test('an assignment is removed with its plan', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto(`/assignments?asset=${app}`);
  await page.getByRole('button', { name: 'Remove All devices' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await expect(page.getByRole('heading', { level: 1, name: 'Remove the assignment' })).toBeVisible();
  const remove = page.getByRole('button', { name: /^Remove; 2 holders lose / });
  await expect(remove).toBeVisible();
  await axe(page);
  await remove.click();
  await expect(page.getByText('This plan has been applied').or(page.locator('h1', { hasText: 'Revoke' }))).toBeVisible();
  await page.goto(`/assignments?asset=${app}`);
  await expect(page.getByText('No group is assigned')).toBeVisible();
});

/** The serial number at this place of the list. */
async function holder(page: Page, at: number): Promise<string> {
  return (await page.locator('tbody tr').nth(at).locator('th .stack').evaluate((cell) => cell.firstChild!.textContent!)).trim();
}
