import fc from 'fast-check';
import { inject } from 'vitest';

// Each run tries the same cases, so that a change is refused for what it changes; `npm run test:explore` tries others.
fc.configureGlobal({ seed: inject('seed') });
