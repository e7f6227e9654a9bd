import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';
import { pages } from '../pages.ts';

test.use({ filled: true });

for (const { name, path } of pages) {
  test(`${name} has no finding of axe`, async ({ page, signIn }) => {
    await signIn(page);
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await axe(page);
    await fits(page);
  });
}

test('an app with all its facts is no wider than the screen', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/apps');
  await page.locator('tbody th a').first().click();
  await page.waitForURL(/\/apps\/\d+$/);
  await expect(page.getByText('Bundle ID')).toBeVisible();
  await fits(page);
});

test('a list is sorted by the links of its head, on a phone too', async ({ page, signIn }) => {
  await signIn(page);
  await page.goto('/devices');
  const serial = page.locator('thead').getByRole('link', { name: 'Serial', exact: false });
  await serial.click();
  await page.waitForURL(/sort=serial/);
  await expect(page.locator('thead [aria-sort=ascending]')).toContainText('Serial');
  expect((await serial.boundingBox())!.height).toBeGreaterThanOrEqual(24);
});

/** Nothing scrolls sideways, on a phone as narrow as 320 px neither. */
async function fits(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  for (const width of test.info().project.use.isMobile ? [390, 320] : [size.width]) {
    await page.setViewportSize({ ...size, width });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(over, `${width} px, ${page.url()}`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize(size);
}
