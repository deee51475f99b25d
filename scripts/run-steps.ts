/**
 * Runs what `npm test`, `npm run check`, `npm run test:vllm` and `npm run test:explore` promise, step by step, and stops
 * at the first step that fails.
 *
 *   node scripts/run-steps.ts test|check|vllm|explore
 *
 * The last line is `N passed, N failed`, the sum over the test runs; a step that fails without a test to blame
 * (types, lint, a test file that cannot be loaded) counts as one failure.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

interface Step {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  /** Where vitest leaves its counts. */
  readonly report?: string;
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');

const Report = z.object({ numPassedTests: z.int(), numFailedTests: z.int(), numPendingTests: z.int() });

function vitest(
  project: 'unit' | 'histories' | 'integration' | 'vllm',
  folder: string,
  ...more: readonly string[]
): Step {
  const report = join(folder, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return {
    title: `${project} tests`,
    command: [join(BIN, 'vitest'), 'run', '--project', project, ...reporters, ...more],
    report,
  };
}

/** Random cases that no run has tried: others than those of `npm test`, and more histories. */
function exploration(folder: string): readonly Step[] {
  const seed = String(randomInt(2 ** 31));
  const unit = vitest('unit', folder, `--sequence.seed=${seed}`);
  const histories = [process.execPath, 'test/disruption-model/main.ts', '3000', seed] as const;
  return [
    { ...unit, title: `${unit.title} with seed ${seed}` },
    { title: `3000 random histories with seed ${seed}`, command: histories },
  ];
}

function stepsOf(target: string | undefined, folder: string): readonly Step[] {
  const fast: readonly Step[] = [
    { title: 'generated files are up to date', command: [process.execPath, 'scripts/gen.ts', '--check'] },
    { title: 'types', command: [join(BIN, 'tsc'), '--noEmit'] },
    { title: 'lint', command: [join(BIN, 'oxlint'), '--type-aware'] },
    { title: 'format', command: [join(BIN, 'prettier'), '--check', '.'] },
    vitest('unit', folder),
  ];
  if (target === 'check') return fast;
  if (target === 'test') return [...fast, vitest('histories', folder), vitest('integration', folder)];
  if (target === 'vllm') {
    const install = [process.execPath, 'playground/real-vllm/main.ts'] as const;
    return [{ title: 'vLLM for CPUs, where it can run', command: install }, vitest('vllm', folder)];
  }
  if (target === 'explore') return exploration(folder);
  const known = '"test", "check", "vllm" or "explore"';
  throw new Error(`the target is ${JSON.stringify(target)}; it must be ${known}`);
}

/** Resolves with the exit code, 1 when the step was killed or could not start. */
function execute([command, ...args]: Step['command'], stop: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', signal: stop });
    child.on('error', (error) => {
      if (!stop.aborted) console.error(`cannot run ${command}: ${error.message}`);
      if (child.pid === undefined) resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readReport(path: string): z.infer<typeof Report> | undefined {
  try {
    return Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // vitest died before it could write one
  }
}

async function runStep(step: Step, stop: AbortSignal): Promise<Outcome> {
  console.log(`\n== ${step.title}`);
  const start = performance.now();
  const code = await execute(step.command, stop);
  const report = step.report === undefined ? undefined : readReport(step.report);
  const skipped = report?.numPendingTests ?? 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict = code === 0 ? 'ok' : `FAILED with exit code ${code}`;
  console.log(`== ${step.title}: ${verdict}, ${seconds} s${skipped > 0 ? `, ${skipped} tests skipped` : ''}`);
  const failed = report?.numFailedTests ?? 0;
  return { passed: report?.numPassedTests ?? 0, failed: code === 0 ? failed : Math.max(1, failed) };
}

async function main(target: string | undefined): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const folder = mkdtempSync(join(tmpdir(), 'vllm-warden-test-'));
  let passed = 0;
  let failed = 0;
  try {
    for (const step of stepsOf(target, folder)) {
      const outcome = await runStep(step, stop.signal);
      passed += outcome.passed;
      failed += outcome.failed;
      if (failed > 0) break;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv[2]);
