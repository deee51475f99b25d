import { expect, test } from 'vitest';
import { PodNetwork } from './pod-network.ts';

test('addresses are of 198.18.0.0/15, different, and not used again right away', () => {
  const network = new PodNetwork();
  expect(network.allocate()).toBe('198.18.0.1');
  network.release('198.18.0.1');
  const addresses = Array.from({ length: 300 }, () => network.allocate());
  expect(new Set(addresses).size).toBe(300);
  expect(addresses[0]).toBe('198.18.0.2');
  expect(addresses.at(-1)).toBe('198.18.1.45');
});

test('a port leads somewhere only while its container runs, and a pod takes its faults along', () => {
  const network = new PodNetwork();
  const podIP = network.allocate();
  expect(network.resolve(podIP, 8000)).toBeUndefined();
  network.expose(podIP, 8000, 31_000);
  expect(network.resolve(podIP, 8000)).toBe(31_000);
  network.expose(podIP, 8000, undefined);
  expect(network.resolve(podIP, 8000)).toBeUndefined();
  network.setFault(podIP, { kind: 'refuse' });
  network.release(podIP);
  expect(network.faultOf(podIP)).toBeUndefined();
});
