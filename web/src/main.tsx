import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError, secret } from './api/client';
import { stream } from './api/stream';
import { Live } from './live/live';
import * as session from './live/session';
import { keep_address, take_token } from './shell/address';
import { LostLink } from './shell/banners';
import { focus_mode, listen_to_keys } from './shell/keys';
import { KeysOverlay } from './shell/keys_overlay';
import { News } from './shell/news_banners';
import { Palette } from './shell/palette';
import { Side } from './shell/side';
import { Status } from './shell/status';
import { StatusPanel, health_open } from './shell/status_panel';
import './shell/theme';
import { Settings } from './settings/settings';
import { GetIn, log_in } from './start/get_in';
import { Start } from './start/start';
import { send_file } from './start/upload';
import { Tour } from './tour/tour';
import './styles/tokens.css';
import './styles/ui.css';
import 'uplot/dist/uPlot.min.css';
import './styles/app.css';

function carries_files(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

function take_drops(): void {
  document.addEventListener('dragover', (event) => {
    if (!carries_files(event)) return;
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    if (!carries_files(event)) return;
    event.preventDefault();
    document.body.classList.remove('dropping');
    const file = event.dataTransfer?.files[0];
    if (file && secret.value !== null) {
      session.place.value = 'captures';
      void send_file(file);
    }
  });
}

function Program() {
  useEffect(() => {
    document.title = `${{ captures: 'Captures', live: 'Live', settings: 'Settings' }[session.place.value]} · sp3ctra`;
  }, [session.place.value]);
  return (
    <div class={`app${focus_mode.value && session.place.value === 'live' ? ' focus-mode' : ''}`}>
      <Side />
      <main class="work">
        <LostLink />
        {session.place.value === 'live' && session.current.value !== null ? null : <News />}
        {session.place.value === 'live' ? <Live /> : session.place.value === 'settings' ? <Settings /> : <Start />}
        <div class={`notice${session.notice.value ? ' on' : ''}`} role="status">
          {session.notice.value}
        </div>
      </main>
      <Status />
      {health_open.value ? <StatusPanel /> : null}
      <Tour />
      <Palette />
      <KeysOverlay />
    </div>
  );
}

function App() {
  return secret.value === null ? <GetIn /> : <Program />;
}

async function begin(): Promise<void> {
  const token = take_token();
  if (token !== null) await log_in(token);
  const host = document.getElementById('app');
  if (host) render(<App />, host);
  // Adding the token to an open page's address changes the fragment only and loads nothing anew.
  window.addEventListener('hashchange', () => {
    const late = take_token();
    if (late !== null) void log_in(late);
  });
  listen_to_keys();
  take_drops();
  let started = false;
  effect(() => {
    if (secret.value === null) {
      stream.close();
      return;
    }
    stream.connect();
    if (started) return;
    started = true;
    session
      .refresh()
      .then(keep_address)
      .catch((problem: unknown) => {
        started = false;
        if (!(problem instanceof ApiError) || problem.status !== 401) session.say_problem(problem);
      });
  });
}

void begin();
