/** How the network treats connections to one pod; all of it applies to the proxy's clients only, not to probes. */
export type PodFault =
  | { readonly kind: 'refuse' }
  /** Connections are accepted and carry nothing, in neither direction, until the fault ends. */
  | { readonly kind: 'black-hole' }
  /** Each connection is set up this much later. */
  | { readonly kind: 'delay'; readonly ms: number };

// 198.18.0.0/15 is set aside for benchmarks (RFC 2544); EndpointSlices refuse loopback addresses.
const FIRST_ADDRESS = (198 << 24) | (18 << 16);
const ADDRESSES = 2 ** 17;

/** The addresses of the pods, and where on loopback each of their ports really listens. */
export class PodNetwork {
  readonly #pods = new Map<string, Map<number, number>>();
  readonly #faults = new Map<string, PodFault>();
  #next = 1;

  /** A pod address that no running pod has; an address is used again only after all others were. */
  allocate(): string {
    for (let tries = 0; tries < ADDRESSES; tries++) {
      const address = toText(FIRST_ADDRESS + this.#next);
      this.#next = (this.#next + 1) % ADDRESSES || 1;
      if (this.#pods.has(address)) continue;
      this.#pods.set(address, new Map());
      return address;
    }
    throw new Error(`all ${ADDRESSES} pod addresses are in use`);
  }

  /** `port` of the pod leads to `loopbackPort`; with undefined, nothing listens there any more. */
  expose(podIP: string, port: number, loopbackPort: number | undefined): void {
    if (loopbackPort === undefined) this.#pods.get(podIP)?.delete(port);
    else this.#pods.get(podIP)?.set(port, loopbackPort);
  }

  /** The pod has gone, its faults with it. */
  release(podIP: string): void {
    this.#pods.delete(podIP);
    this.#faults.delete(podIP);
  }

  setFault(podIP: string, fault: PodFault | undefined): void {
    if (fault === undefined) this.#faults.delete(podIP);
    else this.#faults.set(podIP, fault);
  }

  faultOf(podIP: string): PodFault | undefined {
    return this.#faults.get(podIP);
  }

  has(podIP: string): boolean {
    return this.#pods.has(podIP);
  }

  /** The loopback port behind a pod's port; undefined if nothing listens. */
  resolve(podIP: string, port: number): number | undefined {
    return this.#pods.get(podIP)?.get(port);
  }
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
