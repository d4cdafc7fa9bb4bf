import { describe, expect, it } from 'vitest';
import type { FieldNode } from '../api/types';
import { all_lines, field_at, hex_bytes, layer_of, paths_above, visible_lines } from './tree_model';

const node = (field: string, offset: number, length: number, children: FieldNode[] = [], source = 0): FieldNode => ({ field, label: field, value: '', filter: field, source, offset, length, children });
const tree = [node('eth', 0, 14, [node('eth.dst', 0, 6)]), node('dns', 42, 60, [node('dns.resp', 50, 20, [node('dns.a', 60, 4)]), node('dns.resp', 70, 20)])];

describe('the field tree', () => {
  it('names equal fields apart and knows parents', () => {
    const lines = all_lines(tree);
    expect(lines.map((l) => l.path)).toEqual(['/eth', '/eth/eth.dst', '/dns', '/dns/dns.resp', '/dns/dns.resp/dns.a', '/dns/dns.resp#1']);
    expect(paths_above(lines, lines[4]!)).toEqual(['/dns/dns.resp', '/dns']);
    expect(layer_of(lines, lines[4]!).node.field).toBe('dns');
  });
  it('shows only what is open', () => {
    const lines = all_lines(tree);
    expect(visible_lines(lines, new Set()).length).toBe(2);
    expect(visible_lines(lines, new Set(['/dns'])).map((l) => l.path)).toEqual(['/eth', '/dns', '/dns/dns.resp', '/dns/dns.resp#1']);
    expect(visible_lines(lines, new Set(['/dns/dns.resp'])).length).toBe(2);
  });
  it('finds the narrowest field of a byte in its own source', () => {
    const lines = all_lines([...tree, node('http', 0, 100, [], 1)]);
    expect(field_at(lines, 0, 61)?.node.field).toBe('dns.a');
    expect(field_at(lines, 0, 45)?.node.field).toBe('dns');
    expect(field_at(lines, 1, 61)?.node.field).toBe('http');
    expect(field_at(lines, 0, 500)).toBeNull();
  });
  it('survives a tree as deep as the sender likes', () => {
    let deep = node('x', 0, 1);
    for (let i = 0; i < 5000; i++) deep = node('x', 0, 1, [deep]);
    expect(all_lines([deep]).length).toBeLessThan(100);
  });
  it('reads hex and stops at what is none', () => {
    expect([...hex_bytes('00ff7g')]).toEqual([0, 255]);
    expect(hex_bytes('abc').length).toBe(1);
  });
});
