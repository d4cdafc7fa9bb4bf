import { expect, it } from 'vitest';
import { whole_sentence } from './sentence';

it('the words of the program become sentences; names and what is whole stay', () => {
  expect(whole_sentence(' there is no interface to capture on; wire: it is switched off ')).toBe('There is no interface to capture on; wire: it is switched off.');
  expect(whole_sentence('reading was stopped by you at packet 12')).toBe('Reading was stopped by you at packet 12.');
  expect(whole_sentence('lo has no connection since 14:31:50')).toBe('lo has no connection since 14:31:50.');
  expect(whole_sentence('sp3ctra-capd has lost its right to capture')).toBe('sp3ctra-capd has lost its right to capture.');
  expect(whole_sentence('run this:')).toBe('run this:');
  expect(whole_sentence('')).toBe('');
});
