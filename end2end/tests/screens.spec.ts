// `make screens`: pictures for people to look at, in end2end/screens/. Nothing is compared.
import { type Page } from '@playwright/test';
import { expect, test } from '../fixtures/pomona.ts';
import { pages } from '../pages.ts';

test.use({ filled: true });

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

test('sign-in', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByLabel('Password')).toBeVisible();
  await take(page, 'sign-in');
});

for (const { name, path } of pages) {
  test(name, async ({ page, signIn }) => {
    await signIn(page);
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await take(page, name);
  });
}

async function take(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `screens/${name}-${size}-${colorScheme}.png`, fullPage: true });
    }
  }
}
