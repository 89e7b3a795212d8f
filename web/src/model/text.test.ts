import { describe, expect, it } from 'vitest';
import { excerpt, parseText, textFault, textLength, tidy, withoutForbidden } from './text';

describe('what may be written', () => {
  it('counts code points', () => {
    expect(textLength('é👍🏽')).toBe(3);
    expect(textFault('👍'.repeat(20_000))).toBeNull();
    expect(textFault('👍'.repeat(20_001))).toBe('text_too_long');
  });
  it.each(['\u0000', '\u0007', '\u000b', '\u001b', '\r', '\u202a', '\u202e', '\u2066', '\u2069'])(
    'refuses %j',
    (character) => {
      expect(textFault(`a${character}b`)).toBe('text_forbidden_character');
      expect(textFault(withoutForbidden(`a${character}b`))).toBeNull();
    },
  );
  it.each(['\n', '\t', '\u200e', '\u2065', '\u0020', '«\u00a0»', 'é', '\u{1F44D}'])('admits %j', (character) =>
    expect(textFault(`a${character}b`)).toBeNull(),
  );
  it('makes line ends one', () => expect(tidy('a\r\nb\rc')).toBe('a\nb\nc'));
});

describe('what is shown', () => {
  it('knows paragraphs, line breaks, bold and lists', () => {
    expect(parseText('TA **186/104**\nrecontrôle\n\n- un\n- **deux**')).toEqual([
      {
        kind: 'paragraph',
        content: [
          { kind: 'text', text: 'TA ' },
          { kind: 'bold', text: '186/104' },
          { kind: 'break' },
          { kind: 'text', text: 'recontrôle' },
        ],
      },
      { kind: 'list', items: [[{ kind: 'text', text: 'un' }], [{ kind: 'bold', text: 'deux' }]] },
    ]);
  });
  it('leaves markup, scripts and addresses as plain text', () => {
    const text = '<img src=x onerror=alert(1)> https://example.org/a [x](javascript:1) ** a';
    expect(parseText(text)).toEqual([{ kind: 'paragraph', content: [{ kind: 'text', text }] }]);
  });
  it('finds who is mentioned, the longest name first, and nobody else', () => {
    const [block] = parseText('@Nadia Ferhat et @Nadia et @Zoé', ['Nadia', 'Nadia Ferhat']);
    expect(block).toMatchObject({
      content: [
        { kind: 'mention', text: '@Nadia Ferhat' },
        { kind: 'text', text: ' et ' },
        { kind: 'mention', text: '@Nadia' },
        { kind: 'text', text: ' et @Zoé' },
      ],
    });
  });
  it('shows a hyphen that begins no list as it is', () => {
    expect(parseText('-2 kg')).toEqual([{ kind: 'paragraph', content: [{ kind: 'text', text: '-2 kg' }] }]);
  });
  it('has nothing to show for nothing', () => expect(parseText(' \n\n ')).toEqual([]));
  it('cuts an excerpt between characters', () => {
    expect(excerpt('**Vu.**\nPérindopril', 40)).toBe('Vu. Périndopril');
    expect(excerpt('👍👍👍👍', 3)).toBe('👍👍…');
  });
});
