import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the playground keeps what it has built or installed for this user. */
export function cacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'vllm-warden');
}
