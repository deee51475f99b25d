import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** From which properties draw their random cases. */
    readonly seed: number;
  }
}

/** Hands vitest's seed (`--sequence.seed`, else that of vitest.config.ts) to the tests. */
export default function provideSeed(project: TestProject): void {
  project.provide('seed', project.vitest.config.sequence.seed);
}
