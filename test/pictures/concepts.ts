import { type Shape, arrow, box, drawing, text } from './svg.ts';

/** The drawings of docs/concepts.md, by their names below docs/images. Narrow, so that a phone shows them readable. */
export function conceptPictures(): { file: string; svg: string }[] {
  return [
    { file: 'blue-green.svg', svg: blueGreen() },
    { file: 'runner-dies.svg', svg: runnerDies() },
  ];
}

const WIDTH = 440;

/** What one look at a server with two colours shows. */
interface Scene {
  title: string;
  says: string;
  /** Which colour has the traffic. */
  live: 'blue' | 'green';
  blue: string;
  green: string;
}

const SCENES: readonly Scene[] = [
  {
    title: '1  Deploy beside',
    says: 'v2 comes up as green, and is proven there through SSH.',
    live: 'blue',
    blue: 'v1, with the worker',
    green: 'v2, no visitors yet',
  },
  {
    title: '2  Switch',
    says: 'One step, no reload. The worker moves along.',
    live: 'green',
    blue: 'v1, drains, stays warm',
    green: 'v2, with the worker',
  },
  {
    title: '3  Back, if it is not well',
    says: 'The same step the other way: v1 never went away.',
    live: 'blue',
    blue: 'v1, with the worker',
    green: 'v2, marked bad',
  },
];

function blueGreen(): string {
  const tall = 196;
  const shapes = SCENES.flatMap((scene, index) => sceneShapes(scene, index * tall + 8));
  return drawing(
    { width: WIDTH, height: SCENES.length * tall + 8 },
    'Blue-green: v2 is deployed beside v1, the traffic moves to it in one step, and back if it is not well. The database is shared.',
    shapes,
  );
}

function sceneShapes({ title, says, live, blue, green }: Scene, top: number): Shape[] {
  const proxy = { x: 16, y: top + 76, width: 70, height: 64 };
  const colors = {
    blue: { x: 138, y: top + 56, width: 180, height: 48 },
    green: { x: 138, y: top + 116, width: 180, height: 48 },
  };
  const shared = { x: 352, y: top + 76, width: 72, height: 64 };
  const middle = (name: 'blue' | 'green') => colors[name].y + colors[name].height / 2;
  const fromProxy = (name: 'blue' | 'green') => (name === 'blue' ? proxy.y + 20 : proxy.y + 44);
  const faded = (name: 'blue' | 'green') => (name === live ? '' : ' dashed');
  return [
    text(16, top + 20, title, 'title'),
    text(16, top + 42, says, 'quiet'),
    box(proxy, 'box', 'proxy', 'yours'),
    box(colors.blue, `blue${faded('blue')}`, 'blue', blue),
    box(colors.green, `green${faded('green')}`, 'green', green),
    box(shared, 'box', 'shared', 'database'),
    arrow([proxy.x + proxy.width, fromProxy(live)], [colors[live].x, middle(live)], 'traffic'),
    ...(['blue', 'green'] as const).map((name) =>
      arrow([colors[name].x + colors[name].width, middle(name)], [shared.x, fromProxy(name)]),
    ),
  ];
}

function runnerDies(): string {
  const [runner, left, right] = [72, 180, 424];
  const server = (left + right) / 2;
  const step = (y: number, name: string, below?: string) =>
    box({ x: left, y, width: right - left, height: 48 }, 'box', name, below);
  const steps = [
    step(64, 'checks, and takes the lock', 'nothing has changed yet'),
    step(136, 'pulls, migrates', 'each step into the journal'),
    step(208, 'brings v2 up', 'nobody needs to watch'),
    step(280, 'waits: is it healthy?', 'no longer than wait-timeout'),
  ];
  const half = (right - left) / 2 - 6;
  return drawing(
    { width: WIDTH, height: 560 },
    'When the runner dies: the program on the server goes on, and ends with v2 healthy and current or with v1 restored; the same job run again reports which.',
    [
      text(runner, 32, 'Runner', 'title', 'middle'),
      text(server, 32, 'Server', 'title', 'middle'),
      `<line class="arrow" x1="${runner}" y1="44" x2="${runner}" y2="196"/>`,
      `<line class="arrow" x1="${server}" y1="44" x2="${server}" y2="280"/>`,
      ...steps,
      text(runner + 8, 80, 'release', 'quiet'),
      arrow([runner, 88], [left, 88]),
      text(runner + 8, 152, 'go', 'quiet'),
      arrow([runner, 160], [left, 160]),
      text(runner, 216, '✕', 'bad', 'middle'),
      text(runner, 238, 'cancelled,', 'bad', 'middle'),
      text(runner, 258, 'killed, or the', 'bad', 'middle'),
      text(runner, 278, 'line drops', 'bad', 'middle'),
      arrow([left + half / 2, 328], [left + half / 2, 376]),
      arrow([right - half / 2, 328], [right - half / 2, 376]),
      text(left + half / 2 - 8, 356, 'yes', 'strong', 'end'),
      text(right - half / 2 + 8, 356, 'no', 'strong'),
      box({ x: left, y: 376, width: half, height: 52 }, 'green', 'v2 serves', 'is current'),
      box({ x: right - half, y: 376, width: half, height: 52 }, 'blue', 'v1 is back', 'v2 is bad'),
      arrow([left + half / 2, 428], [left + half / 2, 464]),
      arrow([right - half / 2, 428], [right - half / 2, 464]),
      step(464, 'how it ended', 'kept on the server'),
      `<line class="arrow dashed" x1="${runner}" y1="292" x2="${runner}" y2="488"/>`,
      text(runner + 8, 478, 'run again', 'quiet'),
      arrow([runner, 488], [left, 488], 'arrow dashed'),
      text(16, 540, 'The same job again attaches to it, and reports the end.', 'quiet'),
    ],
  );
}
