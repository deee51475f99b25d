import { argv, stdout } from 'node:process';
import { checkRandomHistories } from './check.ts';

/** More histories than the unit tests play: `node test/disruption-model/main.ts [runs] [seed]`. */
const [runs = '10000', seed] = argv.slice(2);
await checkRandomHistories(Number(runs), seed === undefined ? undefined : Number(seed));
stdout.write(`${runs} random histories kept every promise\n`);
