import { type Page } from '@playwright/test';
import { axe, expect, test } from '../fixtures/pomona.ts';

/** A word of this test run's own. */
let made = 0;
const word = () => `e2e${Date.now().toString(36)}${(made++).toString(36)}`;

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

/** The row of a list that holds a text. */
const row = (page: Page, text: string) => page.locator('tbody tr', { hasText: text });

async function paste(page: Page, lines: string[]): Promise<void> {
  await page.goto('/people/import');
  await field(page, 'Or paste the lines').fill(lines.join('\n'));
  await page.getByRole('button', { name: 'Show preview' }).click();
}

/** People with these departments, imported. */
async function people(page: Page, departments: string[]): Promise<string[]> {
  const names = departments.map(() => word());
  await paste(page, ['user_name,department', ...names.map((name, place) => `${name},${departments[place]}`)]);
  await page.getByRole('button', { name: /^Import \d+ good lines?$/ }).click();
  await expect(page.getByText(`Imported: ${names.length} added`)).toBeVisible();
  return names;
}

test('a person added by hand has a page, is changed and leaves @no-js', async ({ page, signIn }) => {
  const name = word();
  await signIn(page);
  await page.goto('/people');
  await page.getByRole('link', { name: 'Add', exact: true }).first().click();
  await field(page, 'User name').fill(name);
  await field(page, 'Name').fill(`By hand ${name}`);
  await field(page, 'Managed Apple Account').fill(`${name}@apple.example`);
  await page.getByRole('button', { name: 'Add person' }).click();

  await expect(page.getByRole('heading', { level: 1, name: `By hand ${name}` })).toBeVisible();
  await expect(row(page, 'All people')).toHaveCount(1);

  await field(page, 'Active').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This person is in no group.')).toBeVisible();
  await page.goto(`/people?search=${name}`);
  await expect(row(page, name)).toContainText('Inactive');
});

test('a wrong person is refused at its field, and what was typed stays @no-js', async ({ page, signIn, expectMessage }) => {
  expectMessage(/422/);
  await signIn(page);
  await page.goto('/people/new');
  await field(page, 'User name').fill('somebody');
  await field(page, 'Department or class').fill('Keeps it');
  // The browser itself refuses what is no address at all.
  await field(page, 'Name').fill('x'.repeat(400));
  await page.getByRole('button', { name: 'Add person' }).click();
  await expect(page.getByRole('alert')).toContainText('Some fields are not right yet.');
  await expect(field(page, 'Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(field(page, 'Department or class')).toHaveValue('Keeps it');
});

test('a CSV file of people is previewed with its bad lines, and only the good ones are imported @no-js', async ({
  page,
  signIn,
}) => {
  const [first, second] = [word(), word()];
  const text = [
    'Username;Name;E-mail',
    `${first};First;${first}@a.example`,
    `${second};Second;nonsense`,
    ';Nobody;',
    `${first};Again;`,
    `${second};Second;`,
  ].join('\r\n');
  const upload = async () => {
    await page.goto('/people/import');
    await field(page, 'CSV file').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: 'Show preview' }).click();
    await expect(page.getByRole('heading', { name: 'Preview' })).toBeVisible();
  };
  await signIn(page);
  await upload();
  const bad = page.getByRole('region', { name: 'Lines that cannot be imported' }).locator('tbody tr');
  await expect(bad).toHaveCount(3);
  await expect(bad.nth(0)).toContainText(/3.*email.*This is no e-mail address\..*nonsense/s);
  await expect(bad.nth(1)).toContainText(/4.*user_name/s);
  await expect(bad.nth(2)).toContainText(/5.*user_name.*earlier line/s);
  await page.goto(`/people?search=${first}`);
  await expect(row(page, first), 'a preview changes nothing').toHaveCount(0);

  await upload();
  await page.getByRole('button', { name: 'Import 2 good lines' }).click();
  await expect(page.getByText('Imported: 2 added, 0 changed, 0 unchanged')).toBeVisible();
  await expect(page.getByText('3 bad lines were left out.')).toBeVisible();
  await page.getByRole('link', { name: 'To the people' }).click();
  for (const name of [first, second]) {
    await page.goto(`/people?search=${name}`);
    await expect(row(page, name)).toHaveCount(1);
  }
});

test('pasted lines that cannot be imported are there to be corrected @no-js', async ({ page, signIn }) => {
  const name = word();
  await signIn(page);
  await paste(page, ['user_name,name,email', `${name},Corrected,nonsense`]);
  await expect(page.getByText('No line can be imported')).toBeVisible();
  await page.getByRole('button', { name: 'Back to the lines' }).click();
  const lines = field(page, 'Or paste the lines');
  await expect(lines).toHaveValue(`user_name,name,email\n${name},Corrected,nonsense`);
  await lines.fill((await lines.inputValue()).replace('nonsense', `${name}@a.example`));
  await page.getByRole('button', { name: 'Show preview' }).click();
  // So they are where they can be imported.
  await page.getByRole('button', { name: 'Back to the lines' }).click();
  await expect(lines).toHaveValue(new RegExp(`${name}@a\\.example$`));
  await page.getByRole('button', { name: 'Show preview' }).click();
  await page.getByRole('button', { name: 'Import 1 good line' }).click();
  await expect(page.getByText('Imported: 1 added, 0 changed, 0 unchanged')).toBeVisible();
});

test('a rule shows whom it takes in while it is written', async ({ page, signIn }) => {
  const department = word();
  await signIn(page);
  const [first, second] = (await people(page, [`${department} a`, `${department} b`])) as [string, string];
  await page.goto('/groups/new?kind=people&how=rule');
  const preview = page
    .locator('section.card')
    .filter({ has: page.getByRole('heading', { name: 'Preview of members' }) });
  await expect(preview).toContainText('Write a condition');
  const condition = page.getByRole('group', { name: 'Condition 1' });
  await condition.getByLabel('Attribute').selectOption({ label: 'Department or class' });
  await condition.getByLabel('Comparison').selectOption({ label: 'begins with' });
  await condition.getByLabel('Value').fill(department);
  await expect(preview).toContainText('2 members');
  await expect(preview).toContainText(first);
  await condition.getByLabel('Value').fill(`${department} B`);
  await expect(preview).toContainText('1 member');
  await expect(preview).toContainText(second);
  await expect(preview).not.toContainText(first);
  await axe(page);

  await field(page, 'Name').fill(`Rule ${department}`);
  await page.getByRole('button', { name: 'Add group' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Rule ${department}` })).toBeVisible();
  const members = page.getByRole('table', { name: 'Members', exact: true });
  await expect(members.locator('tbody tr', { hasText: second })).toHaveCount(1);
  await axe(page);

  // The group follows its people.
  const [third] = (await people(page, [`${department} b`])) as [string];
  await page.goto(`/groups?search=Rule ${department}`);
  await expect(row(page, `Rule ${department}`).locator('td.number')).toHaveText('2');
  await page.getByRole('link', { name: `Rule ${department}` }).click();
  await expect(members.locator('tbody tr', { hasText: third })).toHaveCount(1);
});

test('without scripts a rule is previewed by a button @no-js', async ({ page, signIn, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === true, 'with scripts the preview is live');
  const department = word();
  await signIn(page);
  const [first] = (await people(page, [department])) as [string];
  await page.goto('/groups/new?kind=people&how=rule');
  const condition = page.getByRole('group', { name: 'Condition 1' });
  await condition.getByLabel('Attribute').selectOption({ label: 'Department or class' });
  await condition.getByLabel('Value').fill(department);
  await page.getByRole('button', { name: 'Show preview' }).click();
  await expect(page.getByText('1 member', { exact: true })).toBeVisible();
  await expect(row(page, first)).toHaveCount(1);
  await field(page, 'Name').fill(`Plain ${department}`);
  await page.getByRole('button', { name: 'Add group' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Plain ${department}` })).toBeVisible();
});

test('members are pasted and taken out, groups nest, and a name is typed to delete @no-js', async ({
  page,
  signIn,
  expectMessage,
}) => {
  expectMessage(/422/);
  const name = word();
  await signIn(page);
  const [first, second] = (await people(page, [name, name])) as [string, string];
  await page.goto('/groups/new');
  await field(page, 'Name').fill(`Inner ${name}`);
  await field(page, 'User names').fill(`${first}\n${second}\nunknown-${name}`);
  await page.getByRole('button', { name: 'Add group' }).click();
  await expect(page.getByText('2 members added')).toBeVisible();
  await expect(page.getByText(`unknown-${name}`)).toBeVisible();
  await page.getByRole('button', { name: `Remove: ${second}` }).click();
  await expect(row(page, second)).toHaveCount(0);

  await page.goto('/groups/new');
  await field(page, 'Name').fill(`Outer ${name}`);
  await page.getByRole('button', { name: 'Add group' }).click();
  await field(page, 'Name of another group').fill(`Inner ${name}`);
  await page.getByRole('button', { name: 'Put inside' }).click();
  await expect(row(page, first)).toContainText('by a group inside');

  await page.getByRole('link', { name: `Inner ${name}` }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Inner ${name}` })).toBeVisible();
  await field(page, 'Name of another group').fill(`Outer ${name}`);
  await page.getByRole('button', { name: 'Put inside' }).click();
  await expect(page.getByText('This group would be inside of itself.')).toBeVisible();

  await page.goto(`/groups?search=Inner ${name}`);
  await page.getByRole('link', { name: `Inner ${name}` }).click();
  await page.getByLabel(/^To confirm, type the name of the group/).fill(`Inner ${name}`);
  await page.getByRole('button', { name: 'Delete group' }).click();
  await expect(page).toHaveURL(/\/groups$/);
  await page.goto(`/groups?search=Inner ${name}`);
  await expect(row(page, `Inner ${name}`)).toHaveCount(0);
});

test('what is typed about a group stays while its members and its groups change', async ({ page, signIn }) => {
  const name = word();
  await signIn(page);
  const [first, second] = (await people(page, [`${name} a`, `${name} b`])) as [string, string];
  await page.goto('/groups/new');
  await field(page, 'Name').fill(`Fixed ${name}`);
  await field(page, 'User names').fill(`${first}\n${second}`);
  await page.getByRole('button', { name: 'Add group' }).click();
  await expect(page.getByText('2 members added')).toBeVisible();
  await field(page, 'Name').fill(`Renamed ${name}`);
  await page.getByRole('button', { name: `Remove: ${second}` }).click();
  await expect(row(page, second)).toHaveCount(0);
  await expect(field(page, 'Name')).toHaveValue(`Renamed ${name}`);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Renamed ${name}` })).toBeVisible();

  await page.goto('/groups/new?kind=people&how=rule');
  const condition = page.getByRole('group', { name: 'Condition 1' });
  const preview = page
    .locator('section.card')
    .filter({ has: page.getByRole('heading', { name: 'Preview of members' }) });
  await field(page, 'Name').fill(`By rule ${name}`);
  await condition.getByLabel('Attribute').selectOption({ label: 'Department or class' });
  await condition.getByLabel('Comparison').selectOption({ label: 'begins with' });
  await condition.getByLabel('Value').fill(name);
  await page.getByRole('button', { name: 'Add group' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `By rule ${name}` })).toBeVisible();
  await expect(preview).toContainText('2 members');
  await condition.getByLabel('Value').fill(`${name} b`);
  await expect(preview).toContainText('1 member');
  await field(page, 'Name of another group').fill(`Renamed ${name}`);
  await page.getByRole('button', { name: 'Put inside' }).click();
  const inner = page.getByRole('link', { name: `Renamed ${name}` });
  await expect(inner).toBeVisible();
  await expect(field(page, 'Name of another group')).toHaveValue('');
  await expect(condition.getByLabel('Value')).toHaveValue(`${name} b`);
  await expect(preview).toContainText('1 member');

  // Of one group alone.
  await field(page, 'Name of another group').fill('Typed here');
  await inner.click();
  await expect(page.getByRole('heading', { level: 1, name: `Renamed ${name}` })).toBeVisible();
  await expect(field(page, 'Name')).toHaveValue(`Renamed ${name}`);
  await expect(field(page, 'Name of another group')).toHaveValue('');
});

test('a SCIM token is shown once and revoked @no-js', async ({ page, signIn }) => {
  const name = word();
  await signIn(page);
  await page.goto('/settings/scim');
  await field(page, 'Name').fill(name);
  await page.getByRole('button', { name: 'Make token' }).click();
  await expect(page.getByLabel('Token', { exact: true })).toHaveValue(/^scim_[a-z0-9]{32}$/);
  await expect(row(page, name)).toContainText('Never');
  await page.goto('/settings/scim');
  await expect(page.getByLabel('Token', { exact: true })).toHaveCount(0);
  // It asks first.
  await expect(page.getByRole('button', { name: `Revoke: ${name}` })).toBeHidden();
  await row(page, name).getByText('Revoke…').click();
  await expect(row(page, name)).toContainText(`${name} can write nothing here any more.`);
  await page.getByRole('button', { name: `Revoke: ${name}` }).click();
  await expect(row(page, name)).toHaveCount(0);
});
