// `npm test` runs desktop, phone, no-js and lighthouse; `npm run screens` only takes pictures. Both want a release build:
// `make build`.
import { defineConfig } from '@playwright/test';
import { existsSync } from 'node:fs';

// Debian's Chromium where it is installed, best without its windows; else the one that Playwright downloads (.ci/tools).
const debian = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const pictures = /screens\.spec\.ts/;
const judged = /lighthouse\.spec\.ts/;
const programs = /(packages|scim)\.spec\.ts/;
const apart = [pictures, judged];

export default defineConfig({
  testDir: 'tests',
  // Each worker starts a Pomona of its own, so files do not see each other's changes; tests of one file run in order.
  workers: 2,
  forbidOnly: !process.stdout.isTTY,
  reporter: 'list',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: 1,
  use: {
    locale: 'en-GB',
    timezoneId: 'Europe/Stockholm',
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(debian ? { executablePath: debian } : {}),
      // Quiet on the network, and able to run as root in a container.
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'desktop', testIgnore: apart, use: desktop },
    { name: 'phone', testIgnore: [...apart, programs], use: phone },
    { name: 'no-js', testIgnore: apart, grep: /@no-js/, use: { ...desktop, javaScriptEnabled: false } },
    { name: 'lighthouse', testMatch: judged, use: desktop },
    { name: 'screens-desktop', testMatch: pictures, use: desktop },
    { name: 'screens-phone', testMatch: pictures, use: phone },
  ],
});
