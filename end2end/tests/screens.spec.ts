// `make screens`: pictures for people to look at, in end2end/screens/. Nothing is compared.
import { type Page } from '@playwright/test';
import { link } from '../fixtures/phone.ts';
import { expect, test } from '../fixtures/pomona.ts';
import { askForApp, checkIn, editToken, first, follow, invite, row } from '../fixtures/ways.ts';
import { pages } from '../pages.ts';

test.use({ filled: true });

type Way = (page: Page) => Promise<unknown>;

/** To each page as its owner; what changes something comes after what shows the same untouched. */
const ways: Record<string, Way> = {
  ...Object.fromEntries(pages.map(({ name, path }): [string, Way] => [name, (page) => page.goto(path)])),
  'account-menu': async (page) => {
    await page.goto('/');
    await page.getByRole('button', { name: /^Account of/ }).click();
  },
  token: (page) => first(page, '/tokens'),
  'token-edit': editToken,
  app: (page) => first(page, '/apps'),
  'apps-nothing': (page) => page.goto('/apps?search=nothing'),
  book: (page) => first(page, '/books'),
  device: (page) => first(page, '/devices?search=iPad'),
  'devices-import-preview': async (page) => {
    await page.goto('/devices/import');
    const lines = ['serial,name,platform', 'C02SCREENS01,Library 1,ipados', 'short,Library 2,ipados'];
    await page.getByLabel('Or paste the lines').fill(lines.join('\n'));
    await page.getByRole('button', { name: 'Show preview' }).click();
    await expect(page.getByRole('heading', { name: 'Preview' })).toBeVisible();
  },
  'licence-revoke': async (page) => {
    await page.goto('/licenses?state=held');
    await follow(page, page.getByRole('link', { name: /^Revoke .+ on / }).first());
  },
  'licences-revoke': async (page) => {
    await first(page, '/apps');
    await follow(page, page.getByRole('link', { name: 'Revoke all…' }));
  },
  'assign-devices': (page) => choose(page, 0),
  plan: (page) => plan(page, 0),
  operation: async (page) => {
    await plan(page, 1);
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/\/activity\//);
    await expect(page.locator('tbody').getByText('Done').first()).toBeVisible();
  },
  undo: async (page) => {
    await first(page, '/activity');
    await follow(page, page.getByRole('link', { name: 'Undo…' }));
  },
  'ticked-elsewhere': async (page) => {
    await page.goto('/devices?platform=ipados');
    await alive(page);
    await page.locator('tbody').getByRole('checkbox').first().check();
    await page.getByRole('link', { name: 'macOS', exact: true }).click();
    await expect(page.getByText('more is ticked')).toBeVisible();
  },
  'assignment-plan': async (page) => {
    await given(page, '/assignments/edit');
    await alive(page);
    await page.getByLabel('Group', { exact: true }).selectOption('all_devices');
    await page.getByLabel('Intent').selectOption('required');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.waitForURL(/\/assignments\/plans\//);
    await page.goto(page.url());
  },
  assignments: async (page) => {
    await ways['assignment-plan']!(page);
    await page.getByRole('button', { name: 'Save and apply' }).click();
    await expect(page.getByText('This plan has been applied')).toBeVisible();
    await given(page, '/assignments');
  },
  'assignments-waiting': (page) => given(page, '/assignments/waiting'),
  explain: async (page) => {
    await given(page, '/assignments/waiting');
    await follow(page, page.locator('tbody').getByRole('link', { name: 'Why' }).first());
  },
  'assignment-remove': async (page) => {
    await given(page, '/assignments');
    await alive(page);
    await page.getByRole('button', { name: 'Remove All devices' }).click();
    await page.waitForURL(/\/assignments\/plans\//);
    await page.goto(page.url());
  },
  'check-in-link': (page) => link(page, 0),
  'check-in-open': async (page) => page.goto((await link(page, 0)).path),
  'check-in-device': checkIn,
  'check-in-ask': askForApp,
  'requests-open': async (page) => {
    await askForApp(page);
    await alive(page);
    await page.getByLabel('What do you need it for?').fill('for the choir');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.waitForURL(/asked=true/);
    await page.goto('/requests');
  },
  'scim-token': async (page) => {
    await page.goto('/settings/scim');
    await alive(page);
    await page.getByLabel('Name', { exact: true }).fill('Entra ID');
    await page.getByRole('button', { name: 'Make token' }).click();
    await expect(page.locator('tbody tr').first()).toBeVisible();
  },
  'apps-by-app': (page) => page.goto('/apps?view=apps'),
  'overview-afterwards': (page) => page.goto('/'),
  'activity-afterwards': (page) => page.goto('/activity'),
  'ledger-afterwards': (page) => page.goto('/ledger'),
  'licences-waiting': (page) => page.goto('/licenses?state=waiting'),
  'account-link': invite,
  'accounts-afterwards': (page) => page.goto('/settings/accounts'),
  welcome: async (page) => page.goto(await invite(page)),
};

for (const [name, go] of Object.entries(ways)) {
  test(name, async ({ page, signIn }) => {
    await signIn(page);
    await go(page);
    await take(page, name);
  });
}

for (const language of ['sv', 'nl']) {
  for (const name of ['overview', 'tokens', 'token', 'apps', 'app', 'plan']) {
    test(`${name}-${language}`, async ({ page, signIn, baseURL }) => {
      await signIn(page);
      await ways[name]!(page);
      await page.context().addCookies([{ name: 'pomona_locale', value: language, url: baseURL! }]);
      await page.goto(page.url());
      await take(page, `${name}-${language}`);
    });
  }
}

test('sign-in', async ({ page, expectMessage }) => {
  expectMessage(/401/);
  await page.goto('/');
  await take(page, 'sign-in');
  await page.getByLabel('E-mail').fill('nobody@school.example');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await take(page, 'sign-in-refused');
});

test('token-create-checked', async ({ page, signIn, pomona, expectMessage }) => {
  expectMessage(/4\d\d/);
  await signIn(page);
  await page.goto('/tokens/new');
  await page.locator('input[type=file]').setInputFiles(pomona.tokenFiles[0]!);
  await expect(page.getByText('is here already')).toBeVisible();
  await take(page, 'token-create-checked');
});

test('refusals', async ({ page, signIn, expectMessage }) => {
  expectMessage(/403|404|410/);
  await signIn(page);
  await page.goto('/nothing');
  await take(page, 'not-found');
  const link = await invite(page);
  await page.goto(link);
  await page.getByLabel('Password').fill('five plain words in a row');
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await page.goto(link);
  await take(page, 'welcome-used-up');
  // Refused before any page: there is nothing to hydrate.
  await page.evaluate(() => location.assign('/settings/accounts'));
  await expect(page.getByText('not_allowed')).toBeVisible();
  await take(page, 'not-allowed');
});

/** Where devices are chosen for one app of the list. */
async function choose(page: Page, place: number): Promise<void> {
  await row(page, '/apps', place);
  await follow(page, page.getByRole('link', { name: 'Assign…' }));
}

/** A page about the first app that has no licence left. */
async function given(page: Page, path: string): Promise<void> {
  await first(page, '/apps?level=out');
  await page.goto(`${path}?asset=${new URL(page.url()).pathname.split('/').pop()}`);
}

/** Once scripts run the page. */
const alive = (page: Page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached' });

/** The plan for all devices, so that some wait. */
async function plan(page: Page, place: number): Promise<void> {
  await choose(page, place);
  await page.getByRole('button', { name: /^Plan for all/ }).click();
  await page.waitForURL(/\/plans\//);
  await page.goto(page.url());
}

/** The page in both themes, as wide as the project's screen and as tall as the page, up to three screens. */
async function take(page: Page, name: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const screen = page.viewportSize()!;
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...screen, height: Math.min(height, 3 * screen.height) });
  await page.locator('img').evaluateAll((images: HTMLImageElement[]) => {
    for (const image of images) image.loading = 'eager';
    return Promise.allSettled(images.map((image) => image.decode()));
  });
  const size = test.info().project.name.replace('screens-', '');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `screens/${name}-${size}-${colorScheme}.png` });
  }
  await page.setViewportSize(screen);
}
