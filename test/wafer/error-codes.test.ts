import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_CODES, TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

test('docs/errors.md explains every code, once, and no other', () => {
  const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| (TB_[A-Z_]+) \| \S.+ \|$/gm)].map(
    (match) => match[1],
  );
  expect([...documented].sort()).toEqual([...ERROR_CODES].sort());
});

test('an error names the thing, the value, what was expected, what to do, and its code', () => {
  const error = new TunnelbenchError('TB_LIMIT_NOT_VERIFIED', {
    thing: 'smu',
    what: 'the current limit reads back different',
    value: '1 A',
    expected: '100 µA',
    remedy: 'Check the instrument.',
  });
  expect(error.message).toBe(
    'smu: the current limit reads back different. Found: 1 A. Expected: 100 µA. Check the instrument. [TB_LIMIT_NOT_VERIFIED]',
  );
});
