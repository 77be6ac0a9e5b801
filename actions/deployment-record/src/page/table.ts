import { type Markup, html } from './markup.ts';

export interface Column<T> {
  title: string;
  kind?: 'number' | 'bar';
  cell(row: T): Markup;
}

/** A table that becomes a list of its rows on a narrow screen, each cell with its column's title before it. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): Markup {
  const head = columns.map(({ title, kind }) => html`<th scope="col" class="${kind ?? ''}">${title}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map(({ title, kind, cell }) =>
      kind === 'bar'
        ? html`<td class="bar">${cell(row)}</td>`
        : html`<td class="${kind ?? ''}" data-label="${title}">${cell(row)}</td>`,
    );
    return html`<tr>
      ${cells}
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${body}
    </tbody>
  </table>`;
}
