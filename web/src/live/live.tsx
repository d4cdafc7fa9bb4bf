import { charts_open } from '../charts/chart_data';
import { Charts } from '../charts/charts';
import { Inspector } from '../inspector/inspector';
import { PacketList } from '../list/packet_list';
import { EndedEarly, Loss, MissingRight, Overload, ReadingProgress } from '../shell/banners';
import { GonePacket, News } from '../shell/news_banners';
import { count_of } from '../shell/numbers';
import { focus_mode } from '../shell/keys';
import { ExportDialog } from './export_dialog';
import { FilterBar, clear_filter } from './filter_bar';
import { FindBar } from './find_bar';
import * as session from './session';
import { TimeStrip } from './time_strip';
import { TopBar } from './top_bar';

function Empty() {
  const { rows, first_row, of, complete, known } = session.count.value;
  if (!known || rows > first_row) return null;
  const filtered = session.filter.value.id !== null;
  if (filtered && complete) {
    return (
      <div class="empty-note" role="status">
        <h2>No packet matches</h2>
        <p>{count_of(of, 'packet')} {of === 1 ? 'is' : 'are'} hidden by this filter{session.span.value ? ' and the chosen time window' : ''}.</p>
        <div class="row">
          {session.filter.value.text !== '' ? <button class="btn primary" onClick={clear_filter}>Clear filter</button> : null}
          {session.span.value ? <button class="btn" onClick={() => void session.choose_span(null)}>Whole time</button> : null}
        </div>
      </div>
    );
  }
  if (filtered) return <div class="empty-note"><h2>Nothing yet</h2><p>The search goes on.</p></div>;
  const state = session.current_info.value?.state;
  return (
    <div class="empty-note" role="status">
      <h2>{state === 'live' ? 'Listening' : state === 'reading' ? 'Reading' : 'No packets'}</h2>
      <p>{state === 'live' ? 'The first packet shows as soon as one passes.' : state === 'reading' ? 'The first rows come in a moment.' : 'This capture holds no packet.'}</p>
    </div>
  );
}

export function Live() {
  if (session.current.value === null) {
    return (
      <>
        <TopBar />
        <div class="empty-note still">
          <h2>No capture is open</h2>
          <p>Start one above, or open a file or the demo.</p>
          <button class="btn" onClick={() => (session.place.value = 'captures')}>
            Go to Captures
          </button>
        </div>
      </>
    );
  }
  const open = session.inspector_open.value && session.selected.value !== null;
  return (
    <>
      {focus_mode.value ? null : <TopBar />}
      <FilterBar />
      {focus_mode.value ? null : <TimeStrip />}
      {focus_mode.value || !charts_open.value ? null : <Charts />}
      <section class={`live${open ? ' with-insp' : ''}`}>
        <div class="listpane">
          <FindBar />
          <div class="bann-stack">
            <MissingRight />
            <News />
            <GonePacket />
            <ReadingProgress />
            <EndedEarly />
            <Loss />
            <Overload />
          </div>
          <div class="listbox">
            <PacketList />
            <Empty />
          </div>
        </div>
        {open ? <Inspector /> : null}
      </section>
      <ExportDialog />
    </>
  );
}
