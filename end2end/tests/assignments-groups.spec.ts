// Assignments to groups: the plan first, then licences, a waiting list that fills after a purchase, and why.
import { axe, expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

/** The page of an app that has licences left, and of which devices can have some. */
async function openApp(page: any): Promise<string> {
  await page.goto('/apps?sort=available&dir=down');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.waitForURL(/\/apps\/\d+/);
  return page.url().match(/\/apps\/(\d+)/)![1];
}

test('a group is assigned with the plan first, and whoever lacks a licence waits', async ({ page, signIn }) => {
  await signIn(page);
  const app = await openApp(page);
  await page.getByRole('link', { name: 'Assignments', exact: true }).click();
  await page.waitForURL(/\/assignments\?asset=/);
  await expect(page.getByText('No group is assigned')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Add group' }).first().click();
  await page.waitForURL(/\/assignments\/edit/);
  await axe(page);
  await page.getByLabel('Group', { exact: true }).selectOption('all_devices');
  await page.getByLabel('Intent').selectOption('required');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await expect(page.getByText('Get a licence').first()).toBeVisible();
  await expect(page.getByText('no MDM is attached')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await page.waitForURL(/\/activity\/|\/assignments\/plans\//);
  await page.goto(`/assignments?asset=${app}`);
  const row = page.locator('tbody tr').filter({ hasText: 'All devices' });
  await expect(row).toContainText('Required');
  await axe(page);
});

test('available is refused for a group of devices, with the reason', async ({ page, signIn }) => {
  await signIn(page);
  const app = await openApp(page);
  await page.goto(`/assignments/edit?asset=${app}`);
  await page.getByLabel('Group', { exact: true }).selectOption('all_devices');
  await page.getByLabel('Intent').selectOption('available');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await expect(page.getByRole('alert')).toContainText('devices cannot ask for it');
  await axe(page);
});

test('the waiting list has its order, and each place is explained', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/licenses?state=waiting');
  const waiting = page.locator('tbody tr').first();
  // Without anybody waiting the list says so; which of both depends on the licences of the sample.
  if (await waiting.count()) {
    await waiting.getByRole('link', { name: /^Why / }).click();
    await page.waitForURL(/\/explain\?/);
    await expect(page.getByText('Rules that were used')).toBeVisible();
    await axe(page);
  }
  const app = await openApp(page);
  await page.goto(`/assignments/waiting?asset=${app}`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Waiting list');
  await axe(page);
  await page.goto(`/explain?asset=${app}`);
  await axe(page);
});

test('an assignment is removed with its plan', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps?sort=available&dir=down');
  const assigned = await findAssigned(page);
  await page.goto(`/assignments?asset=${assigned}`);
  await page.getByRole('button', { name: 'Remove All devices' }).click();
  await page.waitForURL(/\/assignments\/plans\//);
  await expect(page.getByText('Remove the assignment')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Save and apply' }).click();
  await page.waitForURL(/\/activity\/|\/assignments\/plans\//);
  await page.goto(`/assignments?asset=${assigned}`);
  await expect(page.getByText('No group is assigned')).toBeVisible();
});

/** The app that a test before this one assigned. */
async function findAssigned(page: any): Promise<string> {
  const links = page.locator('tbody th a');
  for (const href of await links.evaluateAll((all: HTMLAnchorElement[]) => all.map((one) => one.pathname))) {
    const app = href.match(/\/apps\/(\d+)/)?.[1];
    await page.goto(`/assignments?asset=${app}`);
    if (await page.getByRole('button', { name: 'Remove All devices' }).count()) return app!;
  }
  throw new Error('no app is assigned');
}
