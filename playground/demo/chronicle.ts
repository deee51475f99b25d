import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';

const STEPS: Readonly<Record<Disruption['step'], string>> = {
  Claimed: 'is claimed',
  Surging: 'goes on serving while another engine starts',
  Draining: 'is out of the Service, and ends what it has',
  Removing: 'is empty, and is removed',
  Returning: 'stays after all',
  Isolated: 'is suspected, and gets no requests',
};

/** What happened so far, each thing told once, in the words of the resource's status wherever it has any. */
export class Chronicle {
  readonly #told = new Set<string>();

  /** What is new since the last look. */
  observe({ status }: VLLMDeployment): readonly string[] {
    const { findings = [], remediation, disruptions = [], disruptionHistory = [] } = status ?? {};
    return [
      ...findings.flatMap(({ signature, engine = 'the image', state, message }) =>
        this.#once(
          `${signature} ${engine} ${state}`,
          `found: ${signature} (${state}), ${engine}: ${message}`,
        ),
      ),
      ...(remediation?.plan ?? []).flatMap((line) =>
        this.#once(line.split(':', 1).join(), `booked: ${line}`),
      ),
      ...disruptions.flatMap(({ engine, step }) =>
        this.#once(`${engine} ${step}`, `${step}: ${engine} ${STEPS[step]}`),
      ),
      ...disruptionHistory.flatMap((line) => this.#once(line, `over: ${line}`)),
      ...(remediation?.restarts ?? []).flatMap((line) => this.#once(line, `recorded: ${line}`)),
    ];
  }

  #once(key: string, line: string): readonly string[] {
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    return [line];
  }
}
