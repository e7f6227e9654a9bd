// The SCIM service (D3) under a client that is not ours: `end2end/scim`, in Python, which `.ci/tools` installs.
import { type Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../fixtures/pomona.ts';

const root = resolve(import.meta.dirname, '../..');
const python = resolve(root, 'target/tools/scim/bin/python');

type Found = { title: string; status: string; reason: string | null };

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
  expect(found.filter(({ status }) => !['SUCCESS', 'COMPLIANT', 'ACCEPTABLE'].includes(status))).toEqual([]);
});
