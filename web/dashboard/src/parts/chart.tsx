// Charts. Each says in words what it shows, and has its numbers in a table below: a canvas tells nothing to those who do not
// see it.

import { useEffect, useRef, type ReactNode } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { Scroll } from "./scroll.tsx";

export interface Line {
  label: string;
  values: (number | null)[];
  kind?: "line" | "bars" | "points" | "steps";
  /** The name of a colour of the stylesheet. */
  colour?: string;
  /** How far the values may be off: drawn as a band around a line, as a whisker on a bar. */
  low?: (number | null)[];
  high?: (number | null)[];
  scale?: string;
}

interface Props {
  /** Seconds, ascending. */
  x: number[];
  lines: Line[];
  unit: string;
  /** Of the second scale, if lines name one. */
  otherUnit?: string;
  label: string;
  height?: number;
  /** Months stand for themselves and not for their first moment. */
  byMonth?: boolean;
  children?: ReactNode;
}

function colour(name: string): string {
  // Custom properties hold light-dark(): only a real property resolves it.
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function faded(rgb: string): string {
  return rgb.replace(/^rgb\((.*)\)$/, "rgba($1, 0.2)");
}

export default function Chart(props: Props) {
  const { label, children } = props;
  const place = useRef<HTMLDivElement>(null);
  const drawn = JSON.stringify([props.x, props.lines, props.unit, props.otherUnit]);
  useEffect(() => {
    const root = place.current;
    if (!root) return;
    let plot = new uPlot(...plotOf(props, root.clientWidth), root);
    const resized = new ResizeObserver(() => plot.setSize({ width: root.clientWidth, height: plot.height }));
    resized.observe(root);
    const scheme = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => {
      plot.destroy();
      plot = new uPlot(...plotOf(props, root.clientWidth), root);
    };
    scheme.addEventListener("change", redraw);
    return () => {
      scheme.removeEventListener("change", redraw);
      resized.disconnect();
      plot.destroy();
    };
    // The same numbers need not be drawn again.
  }, [drawn]);
  return (
    <figure>
      <figcaption>{label}</figcaption>
      <div ref={place} className="chart" role="img" aria-label={label} />
      {children && (
        <details>
          <summary>In numbers</summary>
          <Scroll label={label}>{children}</Scroll>
        </details>
      )}
    </figure>
  );
}

const DEFAULT_HEIGHT = 220;

function plotOf(props: Props, width: number): [uPlot.Options, uPlot.AlignedData] {
  const { x, lines, unit, otherUnit, height = DEFAULT_HEIGHT, byMonth } = props;
  const faint = colour("faint");
  const edge = colour("edge");
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const data: (number | null)[][] = [x];
  for (const line of lines) {
    const stroke = colour(line.colour ?? "accent");
    const scale = line.scale ?? "y";
    if (line.low && line.high && line.kind !== "bars") {
      bands.push({ series: [series.length + 1, series.length], fill: faded(stroke) });
      const edgeOfBand = { stroke: "transparent", width: 0, points: { show: false }, scale, legend: {} };
      series.push({ ...edgeOfBand, label: "at least" }, { ...edgeOfBand, label: "at most" });
      data.push(line.low, line.high);
    }
    // Between two levels there was one; between two currents nothing flowed.
    series.push({ label: line.label, scale, spanGaps: line.kind !== "steps", ...look(line, stroke) });
    data.push(line.values);
  }
  const axis = { stroke: faint, grid: { stroke: edge, width: 1 }, ticks: { stroke: edge, width: 1 } };
  const axes: uPlot.Axis[] = [
    { ...axis, ...(byMonth ? { splits: () => x, values: (_, at) => at.map(monthLabel) } : { values: (_, at) => momentLabels(at) }) },
    { ...axis, label: unit, labelSize: 20, size: 56 },
  ];
  if (otherUnit) axes.push({ ...axis, scale: "other", side: 1, label: otherUnit, labelSize: 20, grid: { show: false } });
  const highest = Math.max(...lines.flatMap((line) => (line.scale ? [] : (line.high ?? line.values))).map((value) => value ?? 0));
  const fromZero: uPlot.Scale = { range: (_plot, low, high) => [Math.min(0, low), Math.max(high, highest, 0.001) * 1.08] };
  const others: uPlot.Scale = { range: (_plot, low, high) => [Math.min(0, low), Math.max(high, 0.001) * 1.08] };
  const close: uPlot.Scale = {
    range: (_plot, low, high) => {
      const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.01, 0.5);
      return [low - room, high + room];
    },
  };
  const isFromZero = lines.some((line) => line.kind === "bars" || line.kind === "steps");
  return [
    {
      width,
      height,
      series,
      bands,
      axes,
      legend: { show: lines.length > 1, live: false },
      hooks: { draw: [(plot) => lines.forEach((line) => whiskers(plot, line, colour("text")))] },
      cursor: { drag: { x: false, y: false } },
      scales: { x: byMonth ? { time: true, range: roomForBars(x) } : { time: true }, y: isFromZero ? fromZero : close, other: others },
    },
    data as uPlot.AlignedData,
  ];
}

function look(line: Line, stroke: string): uPlot.Series {
  switch (line.kind ?? "line") {
    case "bars":
      return { stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars!({ size: [0.7, 60] }) };
    case "points":
      return { stroke, width: 0, paths: () => null, points: { show: true, size: 8, fill: stroke } };
    case "steps":
      return { stroke, width: 2, points: { show: false }, paths: uPlot.paths.stepped!({ align: 1 }) };
    case "line":
      return { stroke, width: 2, points: { size: 5, fill: stroke } };
  }
}

/** From at least to at most, across each bar, and across a point that has no neighbour to share a band with. */
function whiskers(plot: uPlot, { kind, low, high }: Line, stroke: string): void {
  if (!low || !high || (kind !== "bars" && plot.data[0].length > 1)) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 2;
  plot.data[0].forEach((at, index) => {
    const [least, most] = [low[index], high[index]];
    if (least == null || most == null || most <= least) return;
    const x = plot.valToPos(at, "x", true);
    const [bottom, top] = [plot.valToPos(least, "y", true), plot.valToPos(most, "y", true)];
    const half = 5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bottom);
    ctx.lineTo(x, top);
    for (const end of [bottom, top]) {
      ctx.moveTo(x - half, end);
      ctx.lineTo(x + half, end);
    }
    ctx.stroke();
  });
  ctx.restore();
}

/** Days, or hours where the axis shows less than two of them. */
function momentLabels(at: number[]): string[] {
  const isShort = (at.at(-1) ?? 0) - (at[0] ?? 0) < 2 * 86_400;
  const form: Intl.DateTimeFormatOptions = isShort ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
  return at.map((seconds) => new Date(seconds * 1000).toLocaleString(navigator.language, form));
}

const MONTH_S = 30.4 * 86_400;

function roomForBars(x: number[]): uPlot.Range.MinMax {
  return [(x[0] ?? 0) - MONTH_S / 2, (x.at(-1) ?? 0) + MONTH_S / 2];
}

function monthLabel(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString(navigator.language, { month: "short" });
}
