import { axe, expect, test } from '../fixtures/pomona.ts';
import { pages } from '../pages.ts';

test.use({ filled: true });

for (const { name, path } of pages) {
  test(`${name} has no finding of axe`, async ({ page, signIn }) => {
    await signIn(page);
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await axe(page);
  });
}
