import { describe, expect, it } from 'vitest';
import { TimeFormatter, parse_time, split_ns } from './time_format';

const utc = (format: 'clock' | 'date' | 'start' | 'delta' | 'epoch', digits = 6): TimeFormatter => new TimeFormatter(format, 'utc', digits, 1_700_000_000, 900_000_000);

describe('times', () => {
  it('keeps all nanoseconds of a string', () => {
    expect(split_ns('1700000000123456789')).toEqual({ seconds: 1700000000, nanos: 123456789 });
    expect(split_ns('5')).toEqual({ seconds: 0, nanos: 5 });
    expect(split_ns('x')).toEqual({ seconds: 0, nanos: 0 });
  });
  it('has every format', () => {
    expect(utc('clock').text(1_700_000_001, 5000, null)).toBe('22:13:21.000005');
    expect(utc('date', 9).text(1_700_000_001, 123456789, null)).toBe('2023-11-14 22:13:21.123456789');
    expect(utc('epoch', 3).text(1_700_000_001, 123456789, null)).toBe('1700000001.123');
    expect(utc('start').text(1_700_000_001, 100_000_000, null)).toBe('0.200000');
    expect(utc('start').text(1_700_000_000, 800_000_000, null)).toBe('−0.100000');
    expect(utc('delta').text(10, 1, { seconds: 9, nanos: 999_999_001 })).toBe('0.000001');
    expect(utc('delta').text(10, 1, null)).toBe('');
  });
  it('reads what a person types', () => {
    expect(parse_time('1700000600', 'utc', 0)).toBe('1700000600000000000');
    expect(parse_time('22:13:21.5', 'utc', 1_700_000_000)).toBe('1700000001500000000');
    expect(parse_time('2023-11-14 22:13', 'utc', 0)).toBe('1699999980000000000');
    expect(parse_time('yesterday', 'utc', 0)).toBeNull();
  });
});
