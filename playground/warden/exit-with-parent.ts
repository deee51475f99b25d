/**
 * Preloaded into an operator that the playground starts: it ends when its standard input does, so that no operator
 * outlives a playground that was killed.
 */
process.stdin.on('end', () => process.exit(1)).resume();
process.stdin.on('error', () => process.exit(1));
// Of itself it must not keep an operator that has stopped.
process.stdin.unref();
