import { signal } from '@preact/signals';
import { keep, kept } from './kept';

export type Theme = 'system' | 'dark' | 'light';

const kLight = matchMedia('(prefers-color-scheme: light)');

export const theme = signal<Theme>(kept<Theme>('theme', 'system'));
/** More contrast: hairlines become edges, quiet ink steps up. */
export type Contrast = 'system' | 'more';
const kMore = matchMedia('(prefers-contrast: more)');
export const contrast = signal<Contrast>(kept<Contrast>('contrast', 'system'));
/** Counts theme changes: canvases redraw when it moves. */
export const theme_turns = signal(0);

function apply(): void {
  const light = theme.value === 'light' || (theme.value === 'system' && kLight.matches);
  document.documentElement.dataset['theme'] = light ? 'light' : 'dark';
  document.documentElement.dataset['contrast'] = contrast.value === 'more' || kMore.matches ? 'more' : 'usual';
  theme_turns.value += 1;
}

export function choose_theme(next: Theme): void {
  theme.value = next;
  keep('theme', next);
  apply();
}

export function choose_contrast(next: Contrast): void {
  contrast.value = next;
  keep('contrast', next);
  apply();
}

export function next_theme(): void {
  choose_theme(theme.value === 'system' ? 'dark' : theme.value === 'dark' ? 'light' : 'system');
}

kLight.addEventListener('change', apply);
kMore.addEventListener('change', apply);
apply();
