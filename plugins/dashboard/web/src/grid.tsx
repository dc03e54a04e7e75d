// A table of any length: only the rows in sight are drawn. By keyboard: arrows, pages, Home, End; Enter opens a row.
import { Component, type ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Column<Row> {
  key: string;
  title: string;
  width: string; // of a CSS grid
  number?: boolean;
  sort?: unknown; // it can be sorted by
  cell: (row: Row) => ComponentChildren;
}

interface Props<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  open: (row: Row) => void;
  sort?: { key: string; falling: boolean; by: (key: string) => void };
  rowHeight?: number;
}

const beyond = 6; // rows above and below that are drawn as well

interface LineProps<Row> {
  row: Row;
  name: string;
  at: number;
  active: boolean;
  columns: Column<Row>[];
  height: number;
  open: (row: Row) => void;
}

// Scrolling draws the rows that come into sight; those in sight stay. `columns` is another list wherever the page itself
// is drawn anew, so its rows are as well.
class Line<Row> extends Component<LineProps<Row>> {
  override shouldComponentUpdate(next: LineProps<Row>): boolean {
    const now = this.props;
    return now.row !== next.row || now.at !== next.at || now.active !== next.active || now.columns !== next.columns || now.height !== next.height;
  }

  override render({ row, name, at, active, columns, height, open }: LineProps<Row>) {
    return (
      <div class={`line${active ? " active" : ""}`} role="row" id={`row-${at}`} aria-rowindex={at + 2} data-row={name}
        style={{ gridTemplateColumns: templateOf(columns), top: `${at * height}px`, height: `${height}px` }}
        onClick={(event) => { if (!(event.target as Element).closest("a, button")) open(row); }}>
        {columns.map((one) => (
          <div key={one.key} role="gridcell" class={one.number ? "number" : ""} data-column={one.key}>{one.cell(row)}</div>
        ))}
      </div>
    );
  }
}

function templateOf<Row>(columns: Column<Row>[]): string {
  return columns.map((one) => one.width).join(" ");
}

export function Grid<Row>({ label, rows, columns, keyOf, open, sort, rowHeight = 36 }: Props<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState<string | null>(null);
  const at = active === null ? -1 : rows.findIndex((row) => keyOf(row) === active);

  const measure = () => {
    const one = frame.current;
    if (!one) return;
    // Drawn anew by whole rows, not by pixels.
    const top = one.scrollTop - (one.scrollTop % rowHeight);
    setView((old) => (old.top === top && old.height === one.clientHeight ? old : { top, height: one.clientHeight }));
  };
  useLayoutEffect(() => {
    measure();
    const watcher = new ResizeObserver(measure);
    if (frame.current) watcher.observe(frame.current);
    return () => watcher.disconnect();
  }, []);

  const move = (to: number) => {
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    const one = frame.current;
    if (row === undefined || !one) return;
    setActive(keyOf(row));
    const top = rows.indexOf(row) * rowHeight;
    if (top < one.scrollTop) one.scrollTop = top;
    const bottom = top + 2 * rowHeight - one.clientHeight; // below the line of titles
    if (bottom > one.scrollTop) one.scrollTop = bottom;
    measure();
  };
  const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
  const press = (event: KeyboardEvent) => {
    if (event.target !== frame.current) return;
    const steps: Record<string, number> = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1,
    };
    const to = steps[event.key];
    const row = rows[at];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && row !== undefined) open(row);
    else return;
    event.preventDefault();
  };

  const first = Math.max(0, Math.floor(view.top / rowHeight) - beyond);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + beyond);
  const shown = rows.slice(first, last);
  const activeId = at >= first && at < last ? `row-${at}` : undefined;
  return (
    <div class="grid" ref={frame} role="grid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={columns.length}
      aria-activedescendant={activeId} tabIndex={0} onScroll={measure} onKeyDown={press}
      onFocus={() => { if (at < 0 && rows[0] !== undefined) setActive(keyOf(rows[0])); }}>
      <div class="line titles" role="row" aria-rowindex={1} style={{ gridTemplateColumns: templateOf(columns) }}>
        {columns.map((one) => {
          const sorted = sort?.key === one.key;
          return (
            <div key={one.key} role="columnheader" class={one.number ? "number" : ""}
              aria-sort={sorted ? (sort.falling ? "descending" : "ascending") : undefined}>
              {one.sort && sort
                ? <button type="button" onClick={() => sort.by(one.key)}>{one.title}<span aria-hidden="true">{sorted ? (sort.falling ? " ↓" : " ↑") : ""}</span></button>
                : one.title}
            </div>
          );
        })}
      </div>
      <div class="space" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
        {shown.map((row, index) => {
          const at_row = first + index;
          const name = keyOf(row);
          return <Line key={name} row={row} name={name} at={at_row} active={at_row === at} columns={columns} height={rowHeight} open={open} />;
        })}
      </div>
    </div>
  );
}
