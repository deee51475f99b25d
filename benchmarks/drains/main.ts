import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startPlayground } from '../../playground/playground.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { OperatorPair } from '../../playground/warden/operator-pair.ts';
import { runBenchmark } from '../support/benchmark.ts';
import { rounded } from '../support/table.ts';
import { LEASE } from './kill-leaders.ts';
import { playActs } from './play.ts';
import { programmeOf, TRAFFIC, type Extent } from './programme.ts';
import { reportOf } from './report.ts';

/**
 * What clients of three kinds see while engines are taken away under continuous streams and leaders are killed.
 * Run: `npm run bench:drains -- [--json] [--quick]`; up to 45 minutes, with `--quick` about five.
 */
const FULL: Extent = { scaleDownRounds: 4, replaces: [10, 10], rollOutEngines: 6 };
const QUICK: Extent = { scaleDownRounds: 1, replaces: [5], rollOutEngines: 3 };

await runBenchmark('drains', async ({ quick }) => {
  const { acts, baseline, ...cluster } = programmeOf(quick ? QUICK : FULL);
  const seed = randomInt(2 ** 31);
  await using playground = await startPlayground({ ...cluster, log: console.log });
  await installWarden(playground);
  await using operators = await OperatorPair.start(playground, LEASE);
  const lateness = monitorEventLoopDelay();
  lateness.enable();
  const stage = { playground, traffic: TRAFFIC, seed };
  const played = await playActs({ ...stage, operators, acts });
  const without = await playActs({ ...stage, acts: baseline });
  const { lines, figures } = reportOf(played, without.acts, seed);
  // Clients, engines and network share this process: one that stands still for seconds fails streams by itself.
  const longestStallSeconds = rounded(lateness.max / 1e9, 1);
  return {
    lines: [...lines, '', `longest stall of clients and engines: ${longestStallSeconds} s`],
    figures: { ...figures, longestStallSeconds },
  };
});
