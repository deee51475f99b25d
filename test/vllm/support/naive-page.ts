interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metrics page read line by line by two regular expressions: it shares nothing with the operator's scanner. */
export class NaivePage {
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    this.#samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(sampleOf);
  }

  /** The sum over all series of this name. @throws Error when there is none */
  sum(name: string): number {
    return this.#of(name).reduce((sum, { value }) => sum + value, 0);
  }

  /** The series of this name by the value of one label. */
  by(name: string, label: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#of(name).map(({ labels, value }) => [labels[label] ?? '', value]));
  }

  /** A label's value on the first series of this name. */
  label(name: string, label: string): string | undefined {
    return this.#of(name)[0]?.labels[label];
  }

  /** As `inspect --json` prints a histogram. */
  histogram(family: string): object {
    const buckets = this.#of(`${family}_bucket`).map(({ labels: { le = '' }, value }) => ({
      le: le === '+Inf' ? le : Number(le),
      count: value,
    }));
    return { count: this.sum(`${family}_count`), sum: this.sum(`${family}_sum`), buckets };
  }

  #of(name: string): readonly Sample[] {
    const samples = this.#samples.filter((sample) => sample.name === name);
    if (samples.length === 0) throw new Error(`the page has no ${name}`);
    return samples;
  }
}

function sampleOf(line: string): Sample {
  const { name, labels, value } =
    /^(?<name>[\w:]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)?.groups ?? {};
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = [...(labels ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [
    key,
    text,
  ]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}
