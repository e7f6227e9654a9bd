// Pages that are read again while they hear of changes. What the browser complains of fails them (fixtures/pomona.ts).
import { expect, test } from '../fixtures/pomona.ts';

test.use({ filled: true });

test('the pages of tokens live through one sync after another', async ({ page, pomona, signIn }) => {
  await signIn(page);
  await page.goto('/tokens');
  const token = (await page.locator('tbody tr').first().getByRole('link').first().getAttribute('href'))!;
  const syncAll = async () => {
    const answer = await page.request.post('/api/tokens/sync-all', { headers: { origin: pomona.address }, form: {} });
    expect(answer.ok()).toBe(true);
  };
  for (let round = 0; round < 6; round += 1) {
    for (const path of ['/tokens', token]) {
      await syncAll();
      await page.goto(path);
      await syncAll();
      await expect(page.getByText('Completed').first()).toBeVisible();
    }
  }
});
