// The files of the front end, each asked for by itself: a browser loads of them what its pages need.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { expect, test } from '../fixtures/pomona.ts';

const folder = resolve(import.meta.dirname, '../../target/site/pkg');

/** Of what browsers load; beside it the build leaves types for TypeScript. */
const types: Record<string, string> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

test('every file of the front end is served with its type, whole and compressed', async ({ request }) => {
  const there = await readdir(folder);
  const files = there.filter((name) => !['.br', '.gz'].includes(extname(name)));
  const list = files.find((name) => /^__wasm_split_manifest\..*json$/.test(name))!;
  const sections: Record<string, string[]> = JSON.parse(await readFile(join(folder, list), 'utf8'));
  expect(files).toEqual(expect.arrayContaining(Object.values(sections).flat().map((name) => `${name}.wasm`)));

  for (const name of files) {
    const content = await readFile(join(folder, name));
    for (const coding of ['identity', 'br']) {
      const answer = await request.get(`/pkg/${name}`, { headers: { 'accept-encoding': coding } });
      const { 'content-type': type, 'content-encoding': encoding } = answer.headers();
      const what = `${name}, ${coding}`;
      expect.soft(answer.status(), what).toBe(200);
      if (extname(name) in types) expect.soft(type?.split(';')[0], what).toBe(types[extname(name)]);
      expect.soft(encoding, what).toBe(coding === 'br' && there.includes(`${name}.br`) ? 'br' : undefined);
      expect.soft(content.equals(await answer.body()), what).toBe(true);
    }
  }
});
