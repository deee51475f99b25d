/** The four servers of a control plane, and how a provider says what to run for each. */

export const SERVER_ROLES = ['etcd', 'apiserver', 'controller-manager', 'scheduler'] as const;
export type ServerRole = (typeof SERVER_ROLES)[number];

/** A command line; the caller appends its own arguments. */
export interface Executable {
  readonly file: string;
  readonly args: readonly string[];
}

/** Where the control plane's programs come from. */
export interface Provider {
  readonly description: string;
  readonly kubectl: Executable;
  /**
   * The command of one server. It must stop, and remove `directory`, once its standard input ends: that is how nothing
   * stays behind when the process that owns the playground is killed.
   */
  server(role: ServerRole, directory: string): Executable;
}

/** The playground cannot run here; the message says what is missing and what to install or pass. */
export class PlaygroundUnavailableError extends Error {
  override readonly name = 'PlaygroundUnavailableError';
}
