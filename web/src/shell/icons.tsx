/** Icon outlines on a 16 px square. Chips in the list set `d` directly, so each icon is one path. */
export const kIcons = {
  live: 'M1.5 8h3l2-5 3 10 2-5h3',
  captures: 'M2 4.5h12v2.600H2zM3 7.100h10v6H3zM6.300 9.400h3.400',
  chart: 'M2 2.500v11h12M4.500 10.500l3-4 2.500 2 3.500-5',
  health: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M5.300 8.200l1.900 1.900 3.500-3.900',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  sun: 'M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1',
  moon: 'M13 9.800A5.500 5.500 0 0 1 6.200 3a5.500 5.500 0 1 0 6.800 6.800z',
  settings: 'M2 4.500h5.500M11.500 4.500H14M9.500 2.700a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 1 0 0-3.600M2 11.500h2.500M8.500 11.500H14M6.500 9.700a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 1 0 0-3.600',
  search: 'M7 2.700a4.300 4.300 0 1 0 0 8.600a4.300 4.300 0 1 0 0-8.600M10.300 10.300L14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  funnel: 'M2 3.500h12L9.500 8.700v4.300l-3-1.300v-3z',
  export: 'M8 10V2.500M5 5l3-3 3 3M2.500 10v3.500h11V10',
  columns: 'M3 2.500h10a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1M6 2.500v11M10 2.500v11',
  wired: 'M3 3h10v6.500h-2.500V12h-5V9.500H3zM6 3v2.500M8 3v2.500M10 3v2.500',
  wifi: 'M1.800 6.200a9 9 0 0 1 12.400 0M4 8.700a5.800 5.800 0 0 1 8 0M6.200 11a2.700 2.700 0 0 1 3.600 0M8 13v.1',
  usb: 'M5 6.500h6v4.500a3 3 0 0 1-6 0zM6 6.500V2.500h4v4M7.300 4.500v.1M8.700 4.500v.1M8 14v1',
  tunnel: 'M2 13V8a6 6 0 0 1 12 0v5M5.500 13V8.500a2.500 2.500 0 0 1 5 0V13',
  loop: 'M3 8a5 5 0 0 1 8.800-3.200L13 6M13 8a5 5 0 0 1-8.800 3.200L3 10M13 3v3h-3M3 13v-3h3',
  chip: 'M5.500 4.500h5a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-5a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1M6.500 4.500v-2M9.500 4.500v-2M6.500 13.500v-2M9.500 13.500v-2M4.500 6.500h-2M4.500 9.500h-2M13.500 6.500h-2M13.500 9.500h-2',
  tag: 'M2.500 8.200V2.800h5.400l5.800 5.800-5.300 5.200zM5.500 5.600v.2',
  lock: 'M4.500 7h7A1.500 1.500 0 0 1 13 8.500V12a1.500 1.500 0 0 1-1.500 1.500h-7A1.500 1.500 0 0 1 3 12V8.500A1.500 1.500 0 0 1 4.500 7M5.200 7V5a2.800 2.800 0 0 1 5.600 0v2',
  globe: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M2 8h12M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12',
  signpost: 'M8 2v12M8 3.500h4.500L14 5l-1.500 1.500H8M8 7.500H3.500L2 9l1.500 1.500H8',
  prompt: 'M2.500 4l4 4-4 4M8.500 12.500h5',
  folder: 'M2 12.500v-9h4.200l1.500 1.800H14v7.200z',
  arrows: 'M2 5.500h11M10.500 3L13 5.500 10.500 8M14 10.500H3M5.500 8L3 10.500 5.500 13',
  arrow: 'M2.500 8h11M10 4.500L13.500 8 10 11.500',
  play: 'M5 3.200v9.600l7.600-4.800z',
  stop: 'M5 4h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  file: 'M4 1.800h5L12.500 5v9.200H4zM9 1.800V5h3.500',
  copy: 'M7 5.500h5a1.500 1.500 0 0 1 1.500 1.500v5a1.500 1.500 0 0 1-1.500 1.500H7A1.500 1.500 0 0 1 5.500 12V7A1.500 1.500 0 0 1 7 5.500M10.500 3.200a1 1 0 0 0-1-.7h-6a1 1 0 0 0-1 1v6c0 .4.300.8.700 1',
  link: 'M6.700 9.300l2.600-2.600M7.500 4.700l1.300-1.300a2.700 2.700 0 0 1 3.800 3.800l-1.300 1.300M8.500 11.300l-1.300 1.300a2.700 2.700 0 0 1-3.800-3.800l1.300-1.300',
  down: 'M8 2v9M4 7.500L8 11.500l4-4M3 14h10',
  check: 'M3.200 8.500l3.100 3 6.500-7',
  disk: 'M2 9l2-6h8l2 6v4H2zM2 9h12M11.300 11.200h.1',
  right: 'M6 4l4 4-4 4',
  open: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  bulb: 'M6 12.500h4M6.500 14.300h3M5.800 10.500C4.500 9.700 3.700 8.300 3.700 6.700a4.300 4.300 0 0 1 8.600 0c0 1.600-.8 3-2.100 3.800v.5H5.800z',
  warn: 'M8 2.300l6 10.700H2zM8 6.500v3M8 11.300v.1',
  mark: 'M4.500 2.500h7v11L8 10.800l-3.500 2.700z',
  more: 'M3.500 8h.1M8 8h.1M12.500 8h.1',
  keys: 'M2.500 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M4 7h.1M6.700 7h.1M9.300 7h.1M12 7h.1M5 9.700h6',
} as const;

export type IconName = keyof typeof kIcons;

const kFilled = new Set<IconName>(['play', 'stop']);

export function Icon({ name, size = 16 }: { name: IconName; size?: 12 | 14 | 16 | 18 | 20 }) {
  const extra = size === 16 ? '' : ` i-${size}`;
  return (
    <svg class={`i${extra}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={kIcons[name]} fill={kFilled.has(name) ? 'currentColor' : undefined} />
    </svg>
  );
}

/** The mark of the program. */
export function Brand() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <g stroke="currentColor" stroke-width="2" stroke-linecap="round">
        <path d="M3 12v3" opacity=".45" />
        <path d="M6.500 9v6" opacity=".7" />
        <path d="M10 4v11" />
        <path d="M13.500 10v5" opacity=".7" />
        <path d="M17 13v2" opacity=".45" />
      </g>
    </svg>
  );
}

/** The icon that stands for a protocol family beside its name. */
export function family_icon(family: string, protocol: string): IconName {
  switch (family) {
    case 'names':
      return 'tag';
    case 'secure':
      return 'lock';
    case 'clear':
      return 'globe';
    case 'upkeep':
      return 'signpost';
    case 'remote':
      return 'prompt';
    case 'files':
      return 'folder';
    case 'things':
      return 'chip';
    default:
      return protocol === 'UDP' ? 'arrow' : 'arrows';
  }
}
