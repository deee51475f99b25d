import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const LOCKED = {
  packages: {
    '': {},
    'node_modules/zod': { version: '4.6.7' },
    'node_modules/mac': { version: '1.0.0', optional: true },
  },
};
const INSTALLED = { packages: { 'node_modules/zod': { version: '4.6.7' } } };

/** A clone of its own: the real scripts, the real Node, and stand-ins for npm and the tools. */
let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'vllm-warden-clone-'));
  mkdirSync(join(clone, 'scripts'));
  for (const name of ['bootstrap.mjs', 'run-steps.ts'])
    copyFileSync(join(ROOT, 'scripts', name), join(clone, 'scripts', name));
  const version = process.versions.node;
  write('package.json', JSON.stringify({ type: 'module', devDependencies: { node: version } }));
  write('package-lock.json', JSON.stringify(LOCKED));
});
afterEach(() => rmSync(clone, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(join(clone, path, '..'), { recursive: true });
  writeFileSync(join(clone, path), content);
}

function installNode(): void {
  mkdirSync(join(clone, 'node_modules/node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(clone, 'node_modules/node/bin/node'));
}

function writeInstalled(lock: object): void {
  write('node_modules/.package-lock.json', JSON.stringify(lock));
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: clone,
    env: { ...process.env, npm_execpath: join(clone, 'npm.mjs'), ...env },
    timeout: 20_000,
  });
  const done = (async () => {
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
  })();
  return { child, done };
}

describe('bootstrap', () => {
  test('runs the script with its arguments and keeps its exit code when the packages are those of the lock', async () => {
    writeInstalled(INSTALLED);
    installNode();
    write(
      'say.ts',
      'const args: string[] = process.argv.slice(2); console.log(process.execPath, ...args); process.exitCode = 7;',
    );
    const { code, stdout, stderr } = await start(['scripts/bootstrap.mjs', 'say.ts', '--a', 'b c']).done;
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
    expect(stdout).toBe(`${process.execPath} --a b c\n`);
  });

  const stale: readonly (readonly [what: string, installed: object | undefined, reason: string])[] = [
    ['nothing is installed', undefined, 'no packages are installed yet'],
    [
      'a package is missing',
      { packages: {} },
      'node_modules/zod is missing, package-lock.json asks for 4.6.7',
    ],
    [
      'a package is old',
      { packages: { 'node_modules/zod': { version: '4.0.0' } } },
      'node_modules/zod is 4.0.0',
    ],
    [
      'an optional package is old',
      { packages: { ...INSTALLED.packages, 'node_modules/mac': { version: '0.9.0' } } },
      'node_modules/mac is 0.9.0',
    ],
    [
      'a package was dropped',
      { packages: { ...INSTALLED.packages, 'node_modules/left': { version: '1.0.0' } } },
      'node_modules/left is installed but',
    ],
    ['the pinned Node is missing', INSTALLED, 'the pinned Node (npm package "node") is not installed'],
  ];
  test.each(stale)('installs first and says why when %s', async (_what, installed, reason) => {
    if (installed !== undefined) writeInstalled(installed);
    write(
      'npm.mjs',
      `import { symlinkSync, mkdirSync } from 'node:fs';
      mkdirSync('node_modules/node/bin', { recursive: true });
      symlinkSync(process.execPath, 'node_modules/node/bin/node');
      console.log('npm', ...process.argv.slice(2));`,
    );
    write('say.mjs', `console.log('ran');`);
    const { code, stdout, stderr } = await start(['scripts/bootstrap.mjs', 'say.mjs']).done;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ran\n' });
    expect(stderr).toContain(reason);
    expect(stderr).toContain('npm ci --include=dev');
  });

  test('says what to do when npm did not run the install script of the pinned Node', async () => {
    write('npm.mjs', '');
    const { code, stderr } = await start(['scripts/bootstrap.mjs', 'never.ts']).done;
    expect(code).toBe(1);
    expect(stderr).toContain('run "npm rebuild node"');
  });

  test('says so when npm fails, with its exit code', async () => {
    write('npm.mjs', 'process.exit(3);');
    const { code, stderr } = await start(['scripts/bootstrap.mjs', 'never.ts']).done;
    expect(code).toBe(1);
    expect(stderr).toContain('"npm ci" failed with exit code 3');
  });

  test('passes SIGTERM on and ends by it as the script does', async () => {
    writeInstalled(INSTALLED);
    installNode();
    write(
      'wait.mjs',
      `process.once('SIGTERM', () => { console.log('got SIGTERM'); process.kill(process.pid, 'SIGTERM'); });
      setInterval(() => {}, 1000); console.log('up');`,
    );
    const { child, done } = start(['scripts/bootstrap.mjs', 'wait.mjs']);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const { signal, stdout } = await done;
    expect({ signal, stdout }).toEqual({ signal: 'SIGTERM', stdout: 'up\ngot SIGTERM\n' });
  });
});

describe('the steps of npm test', () => {
  const OK = 'process.exitCode = 0;';
  const tool = (name: string, body: string): void => {
    write(`node_modules/.bin/${name}`, `#!${process.execPath}\n${body}`);
    chmodSync(join(clone, 'node_modules/.bin', name), 0o755);
  };
  /** A vitest that reports these counts for each project and fails when a test failed. */
  const vitest = (counts: Record<string, readonly [passed: number, failed: number]>): void =>
    tool(
      'vitest',
      `const fs = require('node:fs');
      const project = process.argv[process.argv.indexOf('--project') + 1];
      const file = process.argv.find((a) => a.startsWith('--outputFile.json=')).slice(18);
      const [passed, failed] = ${JSON.stringify(counts)}[project];
      fs.writeFileSync(file, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: 0 }));
      fs.writeFileSync('report-path', file);
      fs.writeFileSync('seed', process.argv.find((a) => a.startsWith('--sequence.seed=')) ?? '');
      process.exitCode = failed > 0 ? 1 : 0;`,
    );

  beforeEach(() => {
    write('node_modules/.bin/package.json', '{"type":"commonjs"}');
    symlinkSync(join(ROOT, 'node_modules/zod'), join(clone, 'node_modules/zod'));
    write('scripts/gen.ts', OK);
    for (const name of ['tsc', 'oxlint', 'prettier']) tool(name, OK);
    write('playground/real-vllm/main.ts', OK);
    write('test/disruption-model/main.ts', 'console.log(process.argv.slice(2).join());');
    vitest({ unit: [40, 0], histories: [3, 0], integration: [2, 0], vllm: [4, 0] });
  });
  const run = async (target: string) => {
    const { code, stdout } = await start(['scripts/run-steps.ts', target]).done;
    return { code, stdout, last: stdout.trimEnd().split('\n').at(-1) };
  };

  test('"test" sums its test runs in its last line and leaves no report behind', async () => {
    expect(await run('test')).toMatchObject({ code: 0, last: '45 passed, 0 failed' });
    const report = readFileSync(join(clone, 'report-path'), 'utf8');
    expect(existsSync(join(report, '..'))).toBe(false);
  });

  test('"check" leaves histories and integration tests out', async () => {
    expect(await run('check')).toMatchObject({ code: 0, last: '40 passed, 0 failed' });
  });

  test('"vllm" installs first, and starts no test where that fails', async () => {
    expect(await run('vllm')).toMatchObject({ code: 0, last: '4 passed, 0 failed' });
    write('playground/real-vllm/main.ts', 'process.exitCode = 1;');
    expect(await run('vllm')).toMatchObject({ code: 1, last: '0 passed, 1 failed' });
  });

  test('"explore" plays histories with the seed of its unit tests, another one each time', async () => {
    const seeds = new Set<string>();
    for (let time = 0; time < 2; time += 1) {
      const { code, last, stdout } = await run('explore');
      expect({ code, last }).toEqual({ code: 0, last: '40 passed, 0 failed' });
      const seed = /^== unit tests with seed (\d+)$/m.exec(stdout)?.[1] ?? 'none';
      expect(stdout).toContain(`\n3000,${seed}\n`);
      expect(readFileSync(join(clone, 'seed'), 'utf8')).toBe(`--sequence.seed=${seed}`);
      seeds.add(seed);
    }
    expect(seeds.size).toBe(2);
  });

  test('a step that fails stops the rest and counts as one failure', async () => {
    tool('oxlint', 'process.exitCode = 4;');
    const { code, last, stdout } = await run('test');
    expect({ code, last }).toEqual({ code: 1, last: '0 passed, 1 failed' });
    expect(stdout).toContain('lint: FAILED with exit code 4');
    expect(stdout).not.toContain('== unit tests');
  });

  test('failed tests are counted and the tests after them not started', async () => {
    vitest({ unit: [38, 2], histories: [3, 0], integration: [2, 0] });
    expect(await run('test')).toMatchObject({ code: 1, last: '38 passed, 2 failed' });
  });

  test('a test run that dies without a report counts as one failure', async () => {
    tool('vitest', 'process.exit(1);');
    expect(await run('test')).toMatchObject({ code: 1, last: '0 passed, 1 failed' });
  });
});

describe('.ci/run', () => {
  /** Stands in for npm: `npm test` and `npm run test:vllm` end with these counts. */
  async function ci(test: string, vllm: string): Promise<{ code: unknown; last: string | undefined }> {
    const npm = ['#!/bin/sh', 'case "$1" in', `test) echo "${test}";;`, `run) echo "${vllm}";;`, 'esac'];
    write('bin/npm', [...npm, 'test "$FAILS" != "$1"'].join('\n'));
    chmodSync(join(clone, 'bin/npm'), 0o755);
    mkdirSync(join(clone, '.ci'));
    copyFileSync(join(ROOT, '.ci/run'), join(clone, '.ci/run'));
    const fails = test.includes(' 0 failed') ? 'run' : 'test';
    const isGreen = fails === 'run' && vllm.includes(' 0 failed');
    const env = {
      ...process.env,
      PATH: `${join(clone, 'bin')}:${process.env['PATH']}`,
      FAILS: isGreen ? '' : fails,
    };
    const child = spawn('bash', [join(clone, '.ci/run')], { env, timeout: 20_000 });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { code, last: stdout.trimEnd().split('\n').at(-1) };
  }

  test('sums the counts of both runs in its last line', async () => {
    expect(await ci('40 passed, 0 failed', '4 passed, 0 failed')).toEqual({
      code: 0,
      last: '44 passed, 0 failed',
    });
  });

  test('fails when the second run fails', async () => {
    expect(await ci('40 passed, 0 failed', '3 passed, 1 failed')).toEqual({
      code: 1,
      last: '43 passed, 1 failed',
    });
  });

  test('does not start the second run when the first fails', async () => {
    expect(await ci('39 passed, 1 failed', '4 passed, 0 failed')).toEqual({
      code: 1,
      last: '39 passed, 1 failed',
    });
  });
});
