/** Starts a playground, from the programs in the folder of its argument if there is one; waits to be killed. */
import { startPlayground } from '../../../playground/playground.ts';

const [assets] = process.argv.slice(2);
const playground = await startPlayground({
  nodes: [{ name: 'node-a' }],
  ...(assets === undefined ? {} : { assets }),
});
process.stdout.write(`${playground.directory}\n`);
