// What may be written, and the small safe subset that is shown. Text stays text: no link is ever followed.

export const MAX_TEXT = 20_000;

// NUL and the other C0 controls except line feed and tab; bidirectional overrides and isolates.
const FORBIDDEN = /[\u0000-\u0008\u000B-\u001F\u202A-\u202E\u2066-\u2069]/g;

/** Counted as the server counts: in code points. */
export function textLength(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

export type TextFault = 'text_too_long' | 'text_forbidden_character';

export function textFault(text: string): TextFault | null {
  if (text.search(FORBIDDEN) >= 0) return 'text_forbidden_character';
  return textLength(text) > MAX_TEXT ? 'text_too_long' : null;
}

/** Carriage returns become line feeds, which is what every browser means by them. */
export function tidy(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

export function withoutForbidden(text: string): string {
  return tidy(text).replace(FORBIDDEN, '');
}

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold'; text: string }
  | { kind: 'mention'; text: string }
  | { kind: 'break' };
export type Block = { kind: 'paragraph'; content: Inline[] } | { kind: 'list'; items: Inline[][] };

/** Paragraphs, line breaks, **bold**, lists of « - »; anything else, addresses included, is plain text. */
export function parseText(text: string, mentions: string[] = []): Block[] {
  return tidy(text)
    .split(/\n[ \t]*\n+/)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => blocks(part.replace(/^\n+|\n+$/g, '').split('\n'), mentions));
}

function blocks(lines: string[], mentions: string[]): Block[] {
  const out: Block[] = [];
  for (const line of lines) {
    const last = out.at(-1);
    const item = /^\s*- +(.*)$/.exec(line);
    if (item) {
      const content = inline(item[1]!, mentions);
      if (last?.kind === 'list') last.items.push(content);
      else out.push({ kind: 'list', items: [content] });
    } else if (last?.kind === 'paragraph') {
      last.content.push({ kind: 'break' }, ...inline(line, mentions));
    } else out.push({ kind: 'paragraph', content: inline(line, mentions) });
  }
  return out;
}

function inline(line: string, mentions: string[]): Inline[] {
  return line
    .split(/(\*\*[^*]+\*\*)/)
    .filter((part) => part !== '')
    .flatMap((part): Inline[] => {
      const bold = /^\*\*([^*]+)\*\*$/.exec(part);
      return bold ? [{ kind: 'bold', text: bold[1]! }] : split(part, mentions);
    });
}

function split(text: string, mentions: string[]): Inline[] {
  const names = mentions.map((name) => '@' + name).sort((a, b) => b.length - a.length);
  if (names.length === 0) return [{ kind: 'text', text }];
  const pattern = new RegExp(`(${names.map(escape).join('|')})`);
  return text
    .split(pattern)
    .filter((part) => part !== '')
    .map((part) => ({ kind: names.includes(part) ? 'mention' : 'text', text: part }));
}

function escape(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** One line of it, for a list: the marks taken off. */
export function excerpt(text: string, max = 120): string {
  const flat = tidy(text).replace(/\*\*([^*]+)\*\*/g, '$1').replace(/\s+/g, ' ').trim();
  const points = [...flat];
  return points.length <= max ? flat : points.slice(0, max - 1).join('').trimEnd() + '…';
}
