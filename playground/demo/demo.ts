import { parseArgs } from 'node:util';
import { playLeak } from './leak-act.ts';
import { playScaling } from './scale-act.ts';

/*
 * `npm run demo`: a real control plane, an operator, a fleet of simulated engines, real arrivals. Ends by itself in
 * less than three minutes, and leaves nothing behind. `npm run demo -- --svg FILE` also draws the run.
 *
 * `npm run demo -- leak`: an engine of a fleet leaks memory, is found, and is replaced under load. Less than five minutes.
 */

async function main(interrupt: AbortSignal): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { svg: { type: 'string' } },
    allowPositionals: true,
  });
  const [act, ...more] = positionals;
  if (act === undefined) return playScaling(values.svg, interrupt);
  if (act !== 'leak' || more.length > 0 || values.svg !== undefined)
    throw new Error(
      `"${process.argv.slice(2).join(' ')}" is no act: give nothing, --svg FILE, or leak alone`,
    );
  return playLeak(interrupt);
}

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
process.once('SIGTERM', () => interrupt.abort(new Error('terminated')));
try {
  await main(interrupt.signal);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
