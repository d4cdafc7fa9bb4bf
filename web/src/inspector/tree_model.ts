import type { FieldNode } from '../api/types';

/** A field as one line of the tree. `path` names it across packets; `index` is its place in the packet's depth-first order. */
export interface TreeLine {
  node: FieldNode;
  depth: number;
  path: string;
  index: number;
  parent: number;
  has_children: boolean;
}

/** Every field, depth first; recursion is bounded because the depth of a tree is the sender's choice. */
export function all_lines(tree: readonly FieldNode[], max_depth = 60, max_lines = 20_000): TreeLine[] {
  const lines: TreeLine[] = [];
  const walk = (nodes: readonly FieldNode[], depth: number, above: string, parent: number): void => {
    const seen = new Map<string, number>();
    for (const node of nodes) {
      if (lines.length >= max_lines) return;
      const nth = seen.get(node.field) ?? 0;
      seen.set(node.field, nth + 1);
      const path = `${above}/${node.field}${nth > 0 ? `#${nth}` : ''}`;
      const children = node.children ?? [];
      const index = lines.length;
      lines.push({ node, depth, path, index, parent, has_children: children.length > 0 });
      if (depth < max_depth) walk(children, depth + 1, path, index);
    }
  };
  walk(tree, 0, '', -1);
  return lines;
}

/** The lines whose parents are all open. */
export function visible_lines(lines: readonly TreeLine[], open: ReadonlySet<string>): TreeLine[] {
  const shown: TreeLine[] = [];
  let hidden_below = Infinity;
  for (const line of lines) {
    if (line.depth > hidden_below) continue;
    hidden_below = Infinity;
    shown.push(line);
    if (line.has_children && !open.has(line.path)) hidden_below = line.depth;
  }
  return shown;
}

/** The narrowest field that holds byte `offset` of `source`; the deeper one wins a tie. */
export function field_at(lines: readonly TreeLine[], source: number, offset: number): TreeLine | null {
  let best: TreeLine | null = null;
  for (const line of lines) {
    const { node } = line;
    if (node.source !== source || node.length <= 0 || offset < node.offset || offset >= node.offset + node.length) continue;
    if (best === null || node.length < best.node.length || (node.length === best.node.length && line.depth >= best.depth)) best = line;
  }
  return best;
}

/** Paths that must be open for `line` to be seen. */
export function paths_above(lines: readonly TreeLine[], line: TreeLine): string[] {
  const paths: string[] = [];
  for (let at = line.parent; at >= 0; at = lines[at]?.parent ?? -1) {
    const parent = lines[at];
    if (parent) paths.push(parent.path);
  }
  return paths;
}

/** The outermost field of a line: its protocol. */
export function layer_of(lines: readonly TreeLine[], line: TreeLine): TreeLine {
  let at = line;
  while (at.parent >= 0) {
    const parent = lines[at.parent];
    if (!parent) break;
    at = parent;
  }
  return at;
}

/** Bytes of a hex string; anything that is no hex digit ends it. */
export function hex_bytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    const pair = hex.slice(i * 2, i * 2 + 2);
    if (!/^[0-9a-f]{2}$/i.test(pair)) return bytes.subarray(0, i);
    bytes[i] = Number.parseInt(pair, 16);
  }
  return bytes;
}
