import { Fault, type FaultInput, type FaultKind } from './fault.ts';
import { EngineProcess, type EngineExit, type EngineFigures } from './engine-process.ts';
import { releasePort, reservePort } from './port.ts';
import { parseServeArgs } from './serve-args.ts';

export interface SimulatedEngineOptions {
  /** As in a container: `['serve', MODEL, …flags]`, or with `vllm` before it. */
  readonly argv: readonly string[];
  /** Decides flags, families and `/version`; `0.32.0`, with or without a leading v. */
  readonly vllmVersion: string;
  readonly host: string;
  /** 0 picks one. Wins over `--port`. */
  readonly port: number;
}

/** One simulated `vllm serve` process within this one. */
export interface SimulatedEngine {
  /** Known from the start, closed until ready. */
  readonly port: number;
  /** When the port has opened. Never settles if the engine ends before: race it with `exited`. */
  readonly ready: Promise<void>;
  /** Settles once, never rejects. */
  readonly exited: Promise<EngineExit>;
  /** A fault from now on; one of the same kind is replaced. @throws ZodError for figures out of bounds */
  beginFault(fault: FaultInput): void;
  /** What has leaked does not come back, and neither does an engine that is dead. */
  endFault(kind: FaultKind): void;
  /** The faults that it has now. */
  faults(): readonly Fault[];
  /** The process ends at once with this code, connections reset. */
  crash(exitCode: number): void;
  /** SIGTERM. */
  terminate(): void;
  /** SIGKILL. */
  kill(): void;
  /** `undefined` when there never was an engine, its arguments being refused. */
  figures(): EngineFigures | undefined;
}

/** vLLM's exit code for arguments it does not take. */
const USAGE = 2;

/** A port of our own choice may be taken by another process while the engine loads; most give it back soon. */
const RESERVED_PORT_ATTEMPTS = 50;

/**
 * Starts a simulated vLLM engine. Resolves when the process exists, long before it serves. Arguments that vLLM
 * would refuse end it with code 2 and vLLM's own last line in `message`.
 */
export async function startSimulatedEngine(options: SimulatedEngineOptions): Promise<SimulatedEngine> {
  const { argv, host } = options;
  const vllmVersion = options.vllmVersion.replace(/^v/, '');
  const port = options.port === 0 ? await reservePort(host) : options.port;
  const outcome = parseServeArgs(argv, vllmVersion);
  if (outcome.kind === 'Refused') {
    releasePort(port);
    return refusedEngine(port, { exitCode: USAGE, message: outcome.message });
  }
  const engine = new EngineProcess(outcome.args, vllmVersion);
  void engine.load(host, port, options.port === 0 ? RESERVED_PORT_ATTEMPTS : 1);
  void engine.exited.then(() => releasePort(port));
  return {
    port,
    ready: engine.ready,
    exited: engine.exited,
    beginFault: (fault) => engine.faults.begin(Fault.parse(fault)),
    endFault: (kind) => engine.faults.end(kind),
    faults: () => engine.faults.active,
    crash: (exitCode) => engine.crash(exitCode),
    terminate: () => engine.terminate(),
    kill: () => engine.kill(),
    figures: () => engine.figures(),
  };
}

function refusedEngine(port: number, exit: EngineExit): SimulatedEngine {
  const nothing = (): void => undefined;
  return {
    port,
    ready: new Promise(() => undefined),
    exited: Promise.resolve(exit),
    beginFault: nothing,
    endFault: nothing,
    faults: () => [],
    crash: nothing,
    terminate: nothing,
    kill: nothing,
    figures: () => undefined,
  };
}
