import { expect, test } from '../fixtures/pomona.ts';

test('a page whose code is gone, as after an update, is reached by the browser’s own way', async ({ page, signIn, expectMessage }) => {
  expectMessage(/404|Failed to load resource|WebAssembly|TypeError|RuntimeError/);
  await signIn(page);
  await page.goto('/apps');
  await page.route(/\/pkg\/split_tokens_/, (route) => route.fulfill({ status: 404 }));
  await page.getByRole('link', { name: 'Tokens' }).first().click();
  await page.waitForURL('/tokens');
  await expect(page.getByRole('heading', { level: 1, name: 'Tokens' })).toBeVisible();
  // It cannot come to life, but its links lead on, and to pages that can.
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.waitForURL('/devices');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
});
