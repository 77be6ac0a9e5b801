import type { Color } from '../color.ts';
import type { TrafficRecord } from '../traffic-record.ts';
import { trafficRecord } from './records.ts';

/** Shares, whether a plain stack runs, and the colour that is live then: what both languages must say. */
export const LIVE_COLORS: readonly (readonly [share: string, plainRuns: boolean, live: Color | ''])[] = [
  ['', false, ''],
  ['', true, 'blue'],
  ['blue', false, 'blue'],
  ['green', true, 'green'],
  ['green-25', false, 'blue'],
  ['green-25', true, 'blue'],
  ['green-49', false, 'blue'],
  ['green-50', false, 'green'],
  ['green-99', false, 'green'],
  ['blue-1', true, 'green'],
  ['blue-90', true, 'blue'],
  ['green-0', true, 'blue'],
  ['green-100', false, ''],
  ['green-5x', false, ''],
  ['red', true, 'blue'],
];

/** States of a container as Docker names them, and whether it is up. */
export const STATES: readonly (readonly [state: string, up: boolean])[] = [
  ['created', false],
  ['running', true],
  ['paused', true],
  ['restarting', true],
  ['removing', false],
  ['exited', false],
  ['dead', false],
];

/** Containers of the project `shop` as `project service`, services that change, and which are of a colour. */
export const COLOR_CONTAINERS: readonly {
  found: readonly string[];
  changing: readonly string[];
  blue: readonly string[];
  green: readonly string[];
}[] = [
  { found: [], changing: [], blue: [], green: [] },
  // A plain stack is blue. As long as nothing tells which of its services change, all are.
  { found: ['shop web', 'shop db'], changing: [], blue: ['shop web', 'shop db'], green: [] },
  { found: ['shop web', 'shop db'], changing: ['web'], blue: ['shop web'], green: [] },
  {
    found: ['shop web', 'shop worker', 'shop db', 'shop-green web'],
    changing: [],
    blue: ['shop web'],
    green: ['shop-green web'],
  },
  {
    found: ['shop web', 'shop worker', 'shop db', 'shop-green web'],
    changing: ['worker'],
    blue: ['shop web', 'shop worker'],
    green: ['shop-green web'],
  },
  // What has been a colour is no plain stack any more.
  {
    found: ['shop db', 'shop-blue web', 'shop-green web'],
    changing: ['db'],
    blue: ['shop-blue web'],
    green: ['shop-green web'],
  },
  { found: ['shopping web', 'shop-blueish web'], changing: [], blue: [], green: [] },
];

/** The record of the traffic, what the link `current` is, and the release of a plain stack. */
export const PLAIN_RELEASES: readonly (readonly [
  record: TrafficRecord | undefined,
  link: string,
  release: string,
])[] = [
  [undefined, '', ''],
  [undefined, 'releases/r1', 'r1'],
  [undefined, '/elsewhere', ''],
  [trafficRecord('blue', { release: 'r1' }), 'releases/r1', 'r1'],
  [trafficRecord('green-25', { release: 'r1' }), 'releases/r1', 'r1'],
  [trafficRecord('green-75', { release: 'r2', previous: 'r1' }), 'releases/r2', 'r1'],
  [trafficRecord('green', { release: 'r2', previous: 'r1' }), 'releases/r2', 'r1'],
  // The plain stack was never recorded.
  [trafficRecord('green', { release: 'r2' }), 'releases/r2', ''],
  [trafficRecord('blue', { release: 'r1', previous: 'r2' }), 'releases/r1', 'r1'],
];

/** What a deploy did to the schema (ran, reversible, the state before and after), and whether old code may not run on it. */
export const SCHEMA_CHANGES: readonly (readonly [
  ran: boolean,
  reversible: boolean,
  before: string,
  after: string,
  changed: boolean,
])[] = [
  [false, false, '', '', false],
  [true, false, '', '', true],
  [true, true, '', '', false],
  [true, true, 'a', 'b', false],
  [true, false, 'a', 'b', true],
  [true, false, 'a', 'a', false],
  // What could not be read afterwards is no proof.
  [true, false, 'a', '', true],
  [true, false, '', 'b', true],
];
