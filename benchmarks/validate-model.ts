import { readFileSync, writeFileSync } from 'node:fs';
import { judge, rootMeanSquare } from './simulator/agreement.ts';
import { measuredPoints } from './simulator/measured-points.ts';
import { readRealSeries } from './simulator/real-series.ts';
import { fitStepCost, modelSeries } from './simulator/series-model.ts';
import { seriesPlot } from './simulator/series-plot.ts';
import { agreementRows, markdownTable, measuredRows, significant } from './simulator/validation-tables.ts';
import { runBenchmark, type Report } from './support/benchmark.ts';
import { table } from './support/table.ts';

/**
 * How closely the engine model follows real engines: beside a captured series of pages of vLLM 0.32.0, and at points
 * that others measured on GPUs. Writes the plot and the tables of docs/simulator.md; the figures do not depend on the
 * machine. Run: `node benchmarks/validate-model.ts [--json]`.
 */
const DOCS = new URL('../docs/', import.meta.url);

const SERIES_HEADER = ['pages 041 to 070', 'vLLM', 'model', 'off by'];
const POINTS_HEADER = ['point', 'measured', 'model', 'off by', 'tolerance'];

function validate(): Report {
  const real = readRealSeries();
  const stepCost = fitStepCost(real);
  const model = modelSeries(real, stepCost);
  const agreement = judge(real, model);
  const points = measuredPoints();
  const apart = (['running', 'waiting', 'kvCacheUsage', 'preemptions'] as const).map((figure) => ({
    figure,
    rootMeanSquare: rootMeanSquare(real, model, figure),
  }));
  writeFileSync(new URL('simulator-validation.svg', DOCS), seriesPlot(real, model));
  writeSection('series', markdownTable(SERIES_HEADER, agreementRows(agreement)));
  writeSection('points', markdownTable(POINTS_HEADER, measuredRows(points)));
  return {
    lines: [
      `step of the fitted engine: ${significant(stepCost.a)} ms`,
      ...table(SERIES_HEADER, agreementRows(agreement)),
      '',
      ...table(
        ['page by page', 'root mean square apart'],
        apart.map((one) => [one.figure, significant(one.rootMeanSquare)]),
      ),
      '',
      ...table(POINTS_HEADER, measuredRows(points)),
    ],
    figures: { stepMs: stepCost.a, agreement, apart, points },
  };
}

/** Replaces what stands between the two marks of a section of docs/simulator.md. */
function writeSection(name: string, content: string): void {
  const file = new URL('simulator.md', DOCS);
  const text = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- ${name}: made by benchmarks/validate-model.ts -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from)
    throw new Error(`docs/simulator.md has no section between "${open}" and "${close}"`);
  writeFileSync(file, `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`);
}

await runBenchmark('validate-model', validate);
