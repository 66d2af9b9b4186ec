/** A piece of HTML or SVG that is safe to put into a page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

/**
 * Template tag for HTML and SVG: everything interpolated is escaped unless it is Markup itself; arrays are joined, null
 * vanishes. Lot names, notes and file names come from people, and a report goes to customers.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + part + (i < values.length ? plain(values[i]) : ''), ''));
}

function plain(value: MarkupValue): string {
  if (value === null) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(plain).join('');
  return escapeText(String(value));
}

/** A text with the symbols of quantities set as print sets them: R_P becomes R with a subscript P. */
export function withSymbols(text: string): Markup {
  return new Markup(
    escapeText(text)
      .replace(/(?<!\w)([RVτ])_(AP|P|sw|c0|0)/g, '$1<sub>$2</sub>')
      .replace(/\bV<sub>sw<\/sub>([+−])/g, 'V<sub>sw$1</sub>'),
  );
}

export function escapeText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}
