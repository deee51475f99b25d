import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { basename, dirname } from 'node:path';
import { PlaygroundUnavailableError } from './provider.ts';

const BUILD_TIMEOUT_MS = 30 * 60_000;
const STDERR_CHARACTERS = 4000;
/** Any Go from 1.24 on does; the patch release moves with the image. */
const GO_IMAGE = 'golang:1.26';
/** Node's names for what Go calls otherwise; the rest are the same. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
const GO_SYSTEMS: Readonly<Record<string, string>> = { win32: 'windows' };

interface Command {
  readonly program: 'go' | 'docker';
  readonly args: readonly string[];
}

/**
 * Builds the Go module of this folder into one static binary, with the Go on the PATH, else with the one in Docker's
 * `golang` image (cross-compiled for this machine).
 *
 * @param output absolute path of the binary
 * @throws PlaygroundUnavailableError when there is neither, or the build fails
 */
export async function buildModule(linkerFlags: string, output: string): Promise<void> {
  const build = ['build', '-trimpath', '-ldflags', linkerFlags, '-o'];
  const local: Command = { program: 'go', args: [...build, output, '.'] };
  const missing = await run(local);
  if (missing === undefined) return;
  const inContainer = ['go', ...build, `/out/${basename(output)}`, '.'];
  const noDocker = await run({
    program: 'docker',
    args: [...containerArgs(dirname(output)), ...inContainer],
  });
  if (noDocker !== undefined) {
    throw new PlaygroundUnavailableError(
      `cannot build the Kubernetes control plane: ${missing}, and ${noDocker}`,
    );
  }
}

/** The sources are mounted read-only; what is built belongs to the user and not to root. */
function containerArgs(outputFolder: string): readonly string[] {
  const { uid, gid } = userInfo();
  const settings = {
    CGO_ENABLED: '0',
    GOOS: GO_SYSTEMS[process.platform] ?? process.platform,
    GOARCH: GO_ARCHITECTURES[process.arch] ?? process.arch,
    HOME: '/tmp',
  };
  const volumes = [`${import.meta.dirname}:/src:ro`, `${outputFolder}:/out`];
  const options = [
    ...volumes.flatMap((volume) => ['--volume', volume]),
    ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
  return ['run', '--rm', '--user', `${uid}:${gid}`, '--workdir', '/src', ...options, GO_IMAGE];
}

/** Resolves with nothing when it worked, and with a clause when there is no such program; throws when it failed. */
function run({ program, args }: Command): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: import.meta.dirname,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_CHARACTERS);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ENOENT' ? `there is no \`${program}\` on the PATH` : error.message);
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(undefined);
      const outcome = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      reject(
        new PlaygroundUnavailableError(
          `building the Kubernetes control plane with \`${program}\` failed (${outcome}); it needs Go 1.24 or later ` +
            `(or a running Docker engine) and the Go module proxy:\n${stderr}`,
        ),
      );
    });
  });
}
