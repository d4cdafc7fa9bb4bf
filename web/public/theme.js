// Runs before the first paint so that a light page never flashes dark; the rest of the themes is in src/shell/theme.ts.
(function () {
  var kept = null;
  var contrast = null;
  try {
    kept = localStorage.getItem('sp3ctra.theme');
    contrast = localStorage.getItem('sp3ctra.contrast');
  } catch (e) {
    kept = null;
  }
  var light = kept === 'light' || (kept !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
  var more = contrast === 'more' || matchMedia('(prefers-contrast: more)').matches;
  document.documentElement.dataset.contrast = more ? 'more' : 'usual';
})();
