import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';

/** A serial number of this test run's own. */
let made = 0;
const serial = () => `E2E${Date.now().toString(36).toUpperCase()}${(made++).toString(36).toUpperCase()}`.slice(0, 14);

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

/** The row of a list that holds a text. */
const row = (page: Page, text: string) => page.locator('tbody tr', { hasText: text });

async function paste(page: Page, lines: string[]): Promise<void> {
  await page.goto('/devices/import');
  await field(page, 'Or paste the lines').fill(lines.join('\n'));
  await page.getByRole('button', { name: 'Show preview' }).click();
}

test('a device added by hand has its own page and is found in the list @no-js', async ({ page, signIn }) => {
  const number = serial();
  await signIn(page);
  await page.goto('/devices');
  await page.getByRole('link', { name: 'Add', exact: true }).first().click();
  await field(page, 'Serial number').fill(number.toLowerCase());
  await field(page, 'Name').fill(`By hand ${number}`);
  await field(page, 'Platform').selectOption({ label: 'macOS' });
  await field(page, 'Supervised').check();
  await page.getByRole('button', { name: 'Add device' }).click();

  await expect(page.getByRole('heading', { level: 1, name: `By hand ${number}` })).toBeVisible();
  await expect(page.getByText('This device has no licences.')).toBeVisible();

  await page.goto(`/devices?search=${number}`);
  await expect(row(page, number)).toHaveCount(1);
  await expect(row(page, number)).toContainText('macOS');
});

test('a wrong serial number is refused at its field, and what was typed stays @no-js', async ({
  page,
  signIn,
  expectMessage,
}) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto('/devices/add');
  await field(page, 'Serial number').fill('SHORT');
  await field(page, 'Name').fill('Keeps its name');
  await field(page, 'Ownership').selectOption({ label: 'Personal' });
  await page.getByRole('button', { name: 'Add device' }).click();

  await expect(page.getByRole('alert')).toContainText('Some fields are not right yet.');
  await expect(field(page, 'Serial number')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByText('This is no serial number of Apple.')).toBeVisible();
  await expect(field(page, 'Serial number')).toHaveValue('SHORT');
  await expect(field(page, 'Name')).toHaveValue('Keeps its name');
  await expect(field(page, 'Ownership')).toHaveValue('personal');
});

test('what was typed stays when no answer comes', async ({ page, signIn, expectMessage }) => {
  expectMessage(/ERR_FAILED/);
  await signIn(page);
  await page.goto('/devices/add');
  await field(page, 'Serial number').fill('C02TYPED0001');
  await field(page, 'Name').fill('Keeps its name');
  await field(page, 'Ownership').selectOption({ label: 'Personal' });
  await page.route('**/api/devices/add', (route) => route.abort());
  await page.getByRole('button', { name: 'Add device' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(field(page, 'Serial number')).toHaveValue('C02TYPED0001');
  await expect(field(page, 'Name')).toHaveValue('Keeps its name');
  await expect(field(page, 'Ownership')).toHaveValue('personal');
});

test('what Excel writes as Unicode text, UTF-16 with a mark, is read with and without scripts @no-js', async ({
  page,
  signIn,
}) => {
  const number = serial();
  const text = `\ufeffsep=\t\r\nserial\tname\tlast_check_in\r\n${number}\tÅsas Mac\t2026-01-31\r\n`;
  await signIn(page);
  for (const buffer of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
    await page.goto('/devices/import');
    await field(page, 'CSV file').setInputFiles({ name: 'devices.txt', mimeType: 'text/plain', buffer });
    await page.getByRole('button', { name: 'Show preview' }).click();
    await expect(page.getByRole('button', { name: 'Import 1 good line' })).toBeVisible();
    await expect(page.locator('tbody').getByText('Åsas Mac').first()).toBeVisible();
  }
});

test('a CSV file is previewed with its bad lines, and only the good ones are imported @no-js', async ({
  page,
  signIn,
}) => {
  const [first, second] = [serial(), serial()];
  const text = [
    'Serial number;Name;Platform',
    `${first};Library 1;iPadOS`,
    'short;Library 2;iPadOS',
    `${second};Library 3;Android`,
    `${second};Library 3;iPadOS`,
    `${second};Library 3 again;iPadOS`,
  ].join('\r\n');
  await signIn(page);
  await page.goto('/devices/import');
  await field(page, 'CSV file').setInputFiles({ name: 'devices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Show preview' }).click();

  await expect(page.getByRole('heading', { name: 'Preview' })).toBeVisible();
  const bad = page.getByRole('region', { name: 'Lines that cannot be imported' }).locator('tbody tr');
  await expect(bad).toHaveCount(3);
  await expect(bad.nth(0)).toContainText(/3.*serial.*This is no serial number of Apple\..*short/s);
  await expect(bad.nth(1)).toContainText(/4.*platform.*This is none of the choices\..*Android/s);
  await expect(bad.nth(2)).toContainText(/6.*serial.*earlier line/s);
  await page.goto(`/devices?search=${first}`);
  await expect(row(page, first), 'a preview changes nothing').toHaveCount(0);

  await page.goto('/devices/import');
  await field(page, 'CSV file').setInputFiles({ name: 'devices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Show preview' }).click();
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await expect(page.getByText('Imported: 2 added, 0 changed, 0 unchanged')).toBeVisible();
  await expect(page.getByText('3 bad lines were left out.')).toBeVisible();
  for (const number of [first, second]) {
    await page.goto(`/devices?search=${number}`);
    await expect(row(page, number)).toHaveCount(1);
  }
});

test('pasted lines that are known already are told apart from changed and new ones @no-js', async ({ page, signIn }) => {
  const [same, other, fresh] = [serial(), serial(), serial()];
  await signIn(page);
  await paste(page, ['serial,name', `${same},Same`, `${other},Before`]);
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await expect(page.getByText('Imported: 2 added')).toBeVisible();

  await paste(page, ['serial,name', `${same},Same`, `${other},After`, `${fresh},Fresh`]);
  await page.getByRole('button', { name: 'Import 3 good lines' }).click();
  await expect(page.getByText('Imported: 1 added, 1 changed, 1 unchanged')).toBeVisible();
});

test('lines without a header or a serial column are refused in words @no-js', async ({ page, signIn, expectMessage }) => {
  expectMessage(/422/);
  await signIn(page);
  await paste(page, ['name,platform', 'Lund,ios']);
  await expect(page.getByRole('alert')).toContainText('The column serial is missing.');
  await expect(field(page, 'Or paste the lines')).toHaveValue(/Lund,ios/);
});

test('ticked devices go on to assigning by id and to revoking by serial number @no-js', async ({ page, signIn, expectMessage }) => {
  // These devices hold nothing that could be revoked.
  expectMessage(/422/);
  const numbers = [serial(), serial()];
  const names = numbers.map((number) => `Ticked ${number}`);
  await signIn(page);
  await paste(page, ['serial,name', ...numbers.map((number, place) => `${number},${names[place]}`)]);
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await expect(page.getByText('Imported: 2 added')).toBeVisible();

  const tick = async () => {
    await page.goto('/devices?search=Ticked');
    for (const name of names) await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
  };
  await tick();
  await page.getByRole('button', { name: 'Revoke…' }).click();
  await expect(page).toHaveURL(/\/licenses\/revoke\?/);
  expect(new URL(page.url()).searchParams.getAll('serial').sort()).toEqual([...numbers].sort());
  await tick();
  await page.getByRole('button', { name: 'Assign…' }).click();
  await expect(page).toHaveURL(/\/assign\?/);
  expect(new URL(page.url()).searchParams.getAll('device')).toHaveLength(2);
});

test('one box ticks all rows of the page', async ({ page, signIn }) => {
  await signIn(page);
  await paste(page, ['serial,name', `${serial()},All`, `${serial()},All`]);
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await page.getByRole('link', { name: 'To the devices' }).click();
  const boxes = page.locator('input[name=chosen]');
  await expect(boxes.first()).toBeVisible();
  const all = page.getByRole('checkbox', { name: 'Choose all on this page' });
  // On a phone the head of the table is out of sight.
  await all.dispatchEvent('click');
  await expect(page.locator('input[name=chosen]:checked')).toHaveCount(await boxes.count());
});

test('the preview of an upload has no finding of axe', async ({ page, signIn }) => {
  await signIn(page);
  await paste(page, ['serial,name', `${serial()},Good`, 'short,Bad']);
  await expect(page.getByRole('heading', { name: 'Preview' })).toBeVisible();
  await axe(page);
});

test('a tick stays with its device when the list changes', async ({ page, signIn }) => {
  const [first, second] = [serial(), serial()];
  await signIn(page);
  await paste(page, ['serial_number;name;platform', `${first};A ${first};macOS`, `${second};B ${first};iPadOS`]);
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await expect(page.getByText('Imported: 2 added')).toBeVisible();
  await page.goto(`/devices?search=${first}`);
  await row(page, `A ${first}`).getByRole('checkbox').check();
  // The other comes into its place.
  await page.locator('thead').getByRole('link', { name: 'Name' }).click();
  await expect(page.locator('tbody tr').first()).toContainText(`B ${first}`);
  await expect(row(page, `A ${first}`).getByRole('checkbox')).toBeChecked();
  await expect(row(page, `B ${first}`).getByRole('checkbox')).not.toBeChecked();
  // Its row goes away.
  await page.getByRole('link', { name: 'iPadOS', exact: true }).click();
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await expect(row(page, `B ${first}`).getByRole('checkbox')).not.toBeChecked();
  // Whoever does not see the list hears how many there are now.
  await expect(page.locator('p.visually-hidden[role=status]')).toHaveText('1 in all');
  await expect(page.getByText('1 more is ticked that this page of the list does not show.')).toBeVisible();
  await page.getByRole('button', { name: 'Assign…' }).click();
  await expect(page).toHaveURL(/\/assign\?/);
  expect(new URL(page.url()).searchParams.getAll('device')).toHaveLength(1);
});
