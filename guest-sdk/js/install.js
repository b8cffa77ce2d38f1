/**
 * Installs what a plugin's package-lock.json pins into its node_modules. Does nothing when that is
 * there already: `dyno run` builds each time, and `npm ci` takes half a minute.
 *
 *     node dyno/install.js
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const LOCK = 'package-lock.json';
const STAMP = 'node_modules/.dyno-installed';
// Nothing of what is installed needs to run its own code for that.
const COMMAND = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

process.exitCode = main();

function main() {
  if (!existsSync(LOCK)) {
    return fail(`there is no ${LOCK} here: npm install --package-lock-only makes it`);
  }
  const wanted = createHash('sha256').update(readFileSync(LOCK)).update(process.version).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) {
    return 0;
  }
  console.log('$', ...COMMAND);
  const ended = spawnSync(COMMAND[0], COMMAND.slice(1), { stdio: 'inherit' });
  if (ended.error) {
    return fail('npm is not installed: apt install npm');
  }
  if (ended.status !== 0) {
    return fail(`what ${LOCK} pins could not be installed`);
  }
  writeFileSync(STAMP, wanted);
  return 0;
}

function fail(message) {
  console.error(message);
  return 1;
}
