#!/usr/bin/env node
/**
 * Makes every npm script work straight after a clone: installs the locked packages when they are missing or stale,
 * then runs the given script with the Node that package.json pins (the system's may be older).
 *
 *   node scripts/bootstrap.mjs [script [arguments…]]
 *
 * Plain JavaScript without dependencies, for Node 20 and later: nothing is installed yet when it starts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const pinnedNode = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** The packages that a lock file names, or undefined when it is missing or unreadable. */
function lockedPackages(...path) {
  try {
    return JSON.parse(readFileSync(join(root, ...path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Why the installed packages are not those of package-lock.json; undefined when they are. npm leaves out optional
 * packages of other platforms, so only those may be missing.
 */
function whyStale() {
  const installed = lockedPackages('node_modules', '.package-lock.json');
  if (installed === undefined) return 'no packages are installed yet';
  const wanted = lockedPackages('package-lock.json') ?? {};
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path]?.version;
    if (found !== version && !(optional && found === undefined)) {
      return `${path} is ${found ?? 'missing'}, package-lock.json asks for ${version}`;
    }
  }
  const surplus = Object.keys(installed).find((path) => wanted[path] === undefined);
  return surplus === undefined
    ? whyNodeUnusable()
    : `${surplus} is installed but no longer in package-lock.json`;
}

/** Why the pinned Node cannot be used; undefined when it runs and is the version that package.json pins. */
function whyNodeUnusable() {
  if (!existsSync(pinnedNode)) return 'the pinned Node (npm package "node") is not installed';
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;
  const found = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  if (found.status !== 0)
    return `the pinned Node does not run: ${found.error?.message ?? found.stderr.trim()}`;
  const version = found.stdout.trim();
  return version === `v${wanted}`
    ? undefined
    : `the pinned Node is ${version}, package.json asks for v${wanted}`;
}

function fail(message) {
  console.error(`bootstrap: ${message}`);
  process.exit(1);
}

function install(reason) {
  console.error(`bootstrap: ${reason}; running "npm ci" (only when package-lock.json changed)`);
  // npm tells its scripts where it stands; outside of npm the one on the PATH is used.
  const npm = process.env.npm_execpath;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const done = spawnSync(command, [...first, 'ci', '--include=dev', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2], // stdout belongs to the script that runs next
    shell: npm === undefined && process.platform === 'win32',
  });
  if (done.error !== undefined)
    fail(`cannot run npm (${done.error.message}); install Node 20 or later with its npm`);
  if (done.status !== 0) fail(`"npm ci" failed with exit code ${done.status}; its output above says why`);
  const unusable = whyNodeUnusable();
  if (unusable === undefined) return;
  fail(
    `"npm ci" succeeded, but ${unusable}. Its install script did not run: allow it ("ignore-scripts" must not be ` +
      'set; npm 11 reads "allowScripts" in package.json) and run "npm rebuild node".',
  );
}

/** Runs the script in the pinned Node and ends as it ends: same exit code, same signal. */
function run(script, args) {
  const child = spawn(pinnedNode, [script, ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child too; a second one would read as "stop at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${pinnedNode}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (Number.parseInt(process.versions.node, 10) < 20) {
  fail(`this is Node ${process.versions.node}; Node 20 or later is needed to install the pinned one`);
}
const stale = whyStale();
if (stale !== undefined) install(stale);
const [script, ...args] = process.argv.slice(2);
if (script !== undefined) run(script, args);
