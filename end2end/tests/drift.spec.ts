// Where Apple and Pomona differ: adopting, giving back, giving again, watched at Apple's side.
import { axe, expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });
test.describe.configure({ mode: 'serial' });

test('licences of unknown origin are adopted one by one, and nothing is sent to Apple', async ({ page, signIn, control }) => {
  await signIn(page);
  const before = await assignments(control);
  await page.goto('/drift');
  await axe(page);
  const row = page.locator('tbody tr').first();
  await row.getByRole('link', { name: /only Apple knows of/ }).click();
  await page.waitForURL(/\/drift\/licenses/);
  await expect(page.getByRole('heading', { level: 1, name: 'Licences of unknown origin' })).toBeVisible();
  await axe(page);
  const rows = await page.locator('tbody tr').count();
  await page.locator('tbody tr').first().getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Adopt ticked…' }).click();
  await page.waitForURL(/\/drift\/settle/);
  await expect(page.getByText('1 licence is adopted')).toBeVisible();
  await axe(page);
  await page.getByLabel('Reason').fill('from the old MDM');
  await page.getByRole('button', { name: 'Adopt', exact: true }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.getByText('from the old MDM')).toBeVisible();
  await axe(page);
  expect(await assignments(control)).toBe(before);
  await page.goto('/ledger?act=adopted');
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await page.goto('/drift');
  await page.locator('tbody tr').first().getByRole('link', { name: /only Apple knows of/ }).click();
  await page.waitForURL(/\/drift\/licenses/);
  await expect(page.locator('tbody tr')).toHaveCount(rows === 50 ? 50 : rows - 1);
});

test('licences of unknown origin are given back to Apple', async ({ page, signIn, control }) => {
  await signIn(page);
  const before = await assignments(control);
  await page.goto('/drift');
  await page.locator('tbody tr').first().getByRole('link', { name: /only Apple knows of/ }).click();
  await page.waitForURL(/\/drift\/licenses/);
  await page.locator('tbody tr').first().getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Give ticked back…' }).click();
  await page.waitForURL(/\/licenses\/revoke/);
  await page.getByRole('button', { name: 'Revoke 1 licence' }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.locator('tbody tr').filter({ hasText: 'Done' })).toHaveCount(1);
  expect(await assignments(control)).toBe(before - 1);
});

test('what a search finds is not taken for all of a location', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/drift');
  const location = page.getByRole('combobox', { name: 'All locations' });
  const name = (await page.locator('tbody tr').first().locator('td').first().innerText()).trim();
  const id = await location.locator('option').filter({ hasText: name }).first().getAttribute('value');
  await page.goto(`/drift?location=${id}`);
  const all = page.getByRole('link', { name: 'Adopt all…' });
  await expect(all).toBeVisible();
  const app = await page.locator('tbody th a').first().innerText();
  await page.goto(`/drift?location=${id}&search=${encodeURIComponent(app)}`);
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await expect(all).toHaveCount(0);
});

/** How many assignments Apple has, over all locations. */
async function assignments(control: (path: string) => Promise<any>): Promise<number> {
  let sum = 0;
  for (const location of await control('locations')) {
    sum += (await control(`locations/${location.uid}/state`)).assignments.length;
  }
  return sum;
}
