import { axe, expect, hydrated, test } from '../fixtures/pomona.ts';

test('a visitor is asked to sign in, and then sees the overview @no-js', async ({ page, pomona }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toHaveCount(0);
  await page.getByLabel('E-mail').fill(pomona.signIn.email);
  await page.getByLabel('Password').fill(pomona.signIn.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('a deep link survives the sign-in @no-js', async ({ page, pomona }) => {
  await page.goto('/tokens');
  await page.getByLabel('E-mail').fill(pomona.signIn.email);
  await page.getByLabel('Password').fill(pomona.signIn.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/tokens$/);
});

test('a wrong password is refused in words, and the session does not begin @no-js', async ({ page, pomona, expectMessage }) => {
  expectMessage(/401/);
  await page.goto('/');
  await page.getByLabel('E-mail').fill(pomona.signIn.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('E-mail')).toHaveValue(pomona.signIn.email);
  await page.goto('/tokens');
  await expect(page.getByLabel('Password')).toBeVisible();
});

test('whoever is signed out meanwhile signs in from where they are', async ({ page, context, pomona, signIn, expectMessage }) => {
  expectMessage(/401/);
  await signIn(page);
  await page.goto('/apps');
  await context.clearCookies();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Devices' }).click();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill(pomona.signIn.email);
  await page.getByLabel('Password').fill(pomona.signIn.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/devices$/);
});

test('the sign-in page has no finding of axe', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByLabel('Password')).toBeVisible();
  await axe(page);
});

test('a link that is pressed while the page comes to life is the browser’s own', async ({ page, context, signIn }) => {
  await signIn(page);
  const half = await context.newPage();
  // Nothing is fetched ahead, and what the program then asks for never comes.
  await half.route('/tokens', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/<meta name="code"[^>]*>/, '');
    await route.fulfill({ response, body });
  });
  const loading = new Promise<void>((begun) => void half.route(/\/pkg\/split_tokens_/, () => begun()));
  await half.goto('/tokens', { waitUntil: 'commit' });
  await loading;
  await half.getByRole('link', { name: 'Apps' }).first().click();
  await half.waitForURL('/apps');
  await hydrated(half);
});
