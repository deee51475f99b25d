import { existsSync } from 'node:fs';

/** Where the package libtcmalloc-minimal4 of Debian and Ubuntu puts it. */
const PATH = '/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4';

/**
 * The allocator that vLLM wants preloaded on a CPU; undefined when it is not installed. vLLM 0.32 then warns once and
 * serves all the same.
 */
export function tcmalloc(): string | undefined {
  return existsSync(PATH) ? PATH : undefined;
}
