import {
  choose_dense,
  choose_digits,
  choose_time_format,
  choose_zone,
  chosen,
  dense,
  kColumns,
  laid_columns,
  reset_columns,
  set_column_shown,
  set_column_width,
  time_digits,
  time_format,
  time_zone,
} from '../list/columns';
import { kTimeFormats, type TimeFormat } from '../list/time_format';
import { Popover } from '../shell/popover';

export function ColumnsMenu({ close }: { close: () => void }) {
  const shown = new Set(laid_columns.value.map((column) => column.id));
  return (
    <Popover label="Columns and times" class="menu columns-menu" close={close}>
      <div class="h3">Columns</div>
      {kColumns.map((column) => {
        const laid = laid_columns.value.find((c) => c.id === column.id);
        return (
          <div class="line" key={column.id}>
            <label class="grow">
              <input type="checkbox" checked={shown.has(column.id)} onChange={(event) => set_column_shown(column.id, event.currentTarget.checked)} />
              {column.label}
            </label>
            {laid ? (
              <span class="row">
                <button class="btn quiet icon sm" aria-label={`${column.label} narrower`} onClick={() => set_column_width(column.id, laid.px - 16)}>
                  −
                </button>
                <button class="btn quiet icon sm" aria-label={`${column.label} wider`} onClick={() => set_column_width(column.id, laid.px + 16)}>
                  +
                </button>
              </span>
            ) : null}
          </div>
        );
      })}
      {Object.keys(chosen.value.shown).length + Object.keys(chosen.value.widths).length > 0 ? (
        <button class="btn quiet sm" onClick={reset_columns}>
          Back to the usual columns
        </button>
      ) : null}
      <div class="rule" />
      <label class="line">
        <span class="h3">Time as</span>
        <select value={time_format.value} onChange={(event) => choose_time_format(event.currentTarget.value as TimeFormat)}>
          {kTimeFormats.map((format) => (
            <option key={format.id} value={format.id}>
              {format.words}
            </option>
          ))}
        </select>
      </label>
      <label class="line">
        <span class="h3">Precision</span>
        <select value={String(time_digits.value)} onChange={(event) => choose_digits(Number(event.currentTarget.value))}>
          <option value="3">milliseconds</option>
          <option value="6">microseconds</option>
          <option value="9">nanoseconds</option>
        </select>
      </label>
      <div class="line">
        <span class="h3">Zone</span>
        <span class="seg" role="radiogroup" aria-label="Time zone">
          <button role="radio" aria-checked={time_zone.value === 'local'} onClick={() => choose_zone('local')}>
            This computer
          </button>
          <button role="radio" aria-checked={time_zone.value === 'utc'} onClick={() => choose_zone('utc')}>
            UTC
          </button>
        </span>
      </div>
      <div class="line">
        <span class="h3">Rows</span>
        <span class="seg" role="radiogroup" aria-label="Row height">
          <button role="radio" aria-checked={dense.value} onClick={() => choose_dense(true)}>
            Dense
          </button>
          <button role="radio" aria-checked={!dense.value} onClick={() => choose_dense(false)}>
            Comfortable
          </button>
        </span>
      </div>
    </Popover>
  );
}
