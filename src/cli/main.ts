#!/usr/bin/env node
import type { CommandIo } from './inspect.ts';

type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** Commands load when they are called: `inspect` should not pay for the operator's dependencies. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  operator: {
    summary: 'run the operator: watch VLLMDeployments and run their fleets',
    load: async () => (await import('./operator.ts')).run,
  },
  inspect: {
    summary: "show what the operator sees in one engine's metrics page",
    load: async () => (await import('./inspect.ts')).run,
  },
  simulate: {
    summary: 'run one simulated vLLM engine, no GPU needed',
    load: async () => (await import('./simulate.ts')).run,
  },
};

const USAGE_ERROR = 2;

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `Usage: vllm-warden COMMAND [options]\n\n${lines.join('\n')}\n\nEach command has --help.\n`;
}

async function main([name, ...args]: readonly string[], io: CommandIo): Promise<number> {
  const command = name === undefined ? undefined : COMMANDS[name];
  if (command !== undefined) return (await command.load())(args, io);
  const isHelp = name === '--help' || name === 'help';
  (isHelp ? io.stdout : io.stderr).write(
    isHelp ? usage() : `unknown command: ${name ?? '(none)'}\n\n${usage()}`,
  );
  return isHelp ? 0 : USAGE_ERROR;
}

process.exitCode = await main(process.argv.slice(2), process);
