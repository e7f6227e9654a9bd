// The SCIM service (D3) under a client that is not ours: `end2end/scim`, in Python, which `.ci/tools` installs.
import { type Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../fixtures/pomona.ts';

const root = resolve(import.meta.dirname, '../..');
const python = resolve(root, 'target/tools/scim/bin/python');

type Found = { title: string; status: string; reason: string | null };

/** What the tests would have otherwise, and RFC 7643 and RFC 7644 leave to the service. */
const decided = [
  // Everybody has a name, if only the user name, and is active or not.
  /did not remove attribute '(displayName|name\.formatted|active)'/,
  // One address is kept, and the only one is the primary one, for work.
  /unexpected value for 'emails'/,
];

/** A token as the administrator copies it. */
async function token(page: Page): Promise<string> {
  await page.goto('/settings/scim');
  await page.getByLabel('Name', { exact: true }).fill('Directory');
  await page.getByRole('button', { name: 'Make token' }).click();
  const field = page.getByLabel('Token', { exact: true });
  await expect(field).toHaveValue(/^scim_/);
  return field.inputValue();
}

test('a client of somebody else’s finds the SCIM service as RFC 7643 and RFC 7644 have it', async ({
  page,
  pomona,
  signIn,
}) => {
  await signIn(page);
  const { stdout } = await promisify(execFile)(
    python,
    [resolve(root, 'end2end/scim/check.py'), `${pomona.address}/scim/v2`],
    { env: { ...process.env, POMONA_SCIM_TOKEN: await token(page) } },
  );
  const found: Found[] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  expect(found.length).toBeGreaterThan(50);
  const wrong = found.filter(({ status }) => !['SUCCESS', 'COMPLIANT', 'ACCEPTABLE'].includes(status));
  expect(wrong.filter(({ reason }) => !decided.some((known) => known.test(reason ?? '')))).toEqual([]);
});
