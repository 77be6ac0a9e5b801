/** A predicate as written: a value means equality. */
export type PredicateSpec = string | number | boolean | null | unknown[] | Predicates;

export interface Predicates {
  equals?: unknown;
  contains?: string | number;
  'starts-with'?: string;
  'ends-with'?: string;
  matches?: string;
  'greater-than'?: number | string;
  'at-least'?: number | string;
  'less-than'?: number | string;
  'at-most'?: number | string;
  includes?: unknown;
  count?: number | Predicates;
  exists?: boolean;
  is?:
    | 'string'
    | 'number'
    | 'integer'
    | 'float'
    | 'boolean'
    | 'collection'
    | 'list'
    | 'object'
    | 'empty'
    | 'date'
    | 'uuid'
    | 'ipv4'
    | 'ipv6'
    | 'null';
  /** A text is read as a number, or a number as its text, before it is compared. */
  as?: 'number' | 'text';
  not?: Predicates;
}

/** A predicate that compares with a value. */
export type Comparison =
  | 'equals'
  | 'contains'
  | 'starts-with'
  | 'ends-with'
  | 'matches'
  | 'greater-than'
  | 'at-least'
  | 'less-than'
  | 'at-most'
  | 'includes';

/** What a value can be asked to be; the last two are of .hurl files only: a text of RFC 3339, and a date. */
export type Is = NonNullable<Predicates['is']> | 'iso-date' | 'moment';
