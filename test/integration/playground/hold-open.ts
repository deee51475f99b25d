/** Starts a playground, says where it is, and waits to be killed. */
import { startPlayground } from '../../../playground/playground.ts';

const playground = await startPlayground({ nodes: [{ name: 'node-a' }] });
process.stdout.write(`${playground.directory}\n`);
