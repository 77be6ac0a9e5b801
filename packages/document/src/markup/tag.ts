/** Elements that have no end (HTML, section 13.1.2). */
export const VOID = new Set(
  'area base basefont br col embed frame hr img input isindex link meta param source track wbr'.split(' '),
);

/** Elements that stand in the head, and make one where none is open (HTML, section 4.2). */
export const OF_HEAD = new Set('title base meta link style script template'.split(' '));

const HEADING = 'fieldset form li p table';
const PREFORMATTED = 'dd dl dt fieldset form li table ul';

/**
 * Which elements an open one ends before, if they start directly in it; a second `<body>` too, though it makes no element. As libxml2 has it, which follows HTML 4 here;
 * asked of it for every pair of elements.
 */
const ENDS_BEFORE = new Map(
  Object.entries({
    a: 'a fieldset table td th',
    address: 'dd dl dt form li ul',
    b: 'center p td th',
    big: 'p',
    caption: 'colgroup tbody tfoot thead tr col',
    colgroup: 'colgroup tbody tfoot thead tr',
    dd: 'dt',
    dir: 'dd dl dt form ul',
    dl: 'form li',
    dt: 'dd dl',
    font: 'center td th',
    form: 'form',
    h1: HEADING,
    h2: HEADING,
    h3: HEADING,
    h4: HEADING,
    h5: HEADING,
    h6: HEADING,
    i: 'center p td th',
    legend: 'fieldset',
    li: 'li',
    listing: PREFORMATTED,
    menu: 'dd dl dt form ul',
    ol: 'form ul',
    option: 'optgroup option',
    p: 'address blockquote body caption center colgroup dd dir div dl dt fieldset form h1 h2 h3 h4 h5 h6 li listing menu ol p pre table tbody td tfoot th title tr ul xmp hr col',
    pre: PREFORMATTED,
    s: 'p',
    small: 'p',
    span: 'td th',
    strike: 'p',
    tbody: 'tbody tfoot',
    td: 'tbody td tfoot th tr',
    tfoot: 'tbody',
    th: 'tbody td tfoot th tr',
    thead: 'tbody tfoot',
    tr: 'tbody tfoot tr',
    tt: 'p',
    u: 'p td th',
    ul: 'address form menu ol pre',
    xmp: PREFORMATTED,
  }).map(([name, others]) => [name, new Set(others.split(' '))] as const),
);

/** Whether an open element ends where another one starts. */
export function endsBefore(open: string, starting: string): boolean {
  return ENDS_BEFORE.get(open)?.has(starting) ?? false;
}

const WEIGHTS: Record<string, number> = {
  div: 150,
  td: 160,
  th: 160,
  tr: 170,
  thead: 180,
  tbody: 180,
  tfoot: 180,
  table: 190,
  head: 200,
  body: 200,
  html: 220,
};

/** An end tag ends what is open inside its element, unless that weighs more: a stray `</span>` ends no table. */
export function weightOf(name: string): number {
  return (Object.hasOwn(WEIGHTS, name) ? WEIGHTS[name] : undefined) ?? 100;
}
