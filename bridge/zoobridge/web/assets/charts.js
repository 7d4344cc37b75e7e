// Lines over the last minutes, as SVG.

import { h, svg } from "./dom.js";

const COLORS = ["#2f7d4f", "#b45309", "#2563eb", "#be185d", "#7c3aed", "#0e7490", "#a16207", "#4b5563"];
const WIDTH = 480;
const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 20;

export const colorOf = (place) => COLORS[place % COLORS.length];

/**
 * Make a chart.
 *
 * `series` are `{name, points: [[seconds, value], …]}`; `format` writes a value. Seconds count from now,
 * below zero.
 */
export function chart(title, series, format, span, { binary = false, least = 0 } = {}) {
  const values = series.flatMap((one) => one.points.map((point) => point[1]));
  const top = binary ? 2 ** Math.ceil(Math.log2(Math.max(...values, 1))) : nice(Math.max(...values, least));
  const x = (seconds) => LEFT + ((WIDTH - LEFT - 6) * (seconds + span)) / span;
  const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - 10) * value) / top;
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${series.map((one) => `${one.name} ${one.points.length ? format(one.points.at(-1)[1]) : "unknown"}`).join(", ") || "nothing yet"}` });
  for (const share of [0, 0.5, 1]) {
    const text = svg("text", { x: LEFT - 6, y: y(top * share) + 4, class: "axis", "text-anchor": "end" });
    text.textContent = format(top * share);
    drawing.append(svg("line", { x1: LEFT, x2: WIDTH, y1: y(top * share), y2: y(top * share), class: "grid" }), text);
  }
  for (const [seconds, word] of [[-span, `${Math.round(span / 60)} min ago`], [0, "now"]]) {
    const text = svg("text", { x: x(seconds), y: HEIGHT - 5, class: "axis", "text-anchor": seconds ? "start" : "end" });
    text.textContent = word;
    drawing.append(text);
  }
  series.forEach((one, place) => {
    const points = one.points.map(([seconds, value]) => `${x(seconds).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    drawing.append(svg("polyline", { points, fill: "none", stroke: colorOf(place), "stroke-width": 2 }));
  });
  const legend = h("p", { class: "labels" }, series.map((one, place) => h("span", { class: "label" }, h("i", { style: { background: colorOf(place) } }), `${one.name}${one.points.length ? ` ${format(one.points.at(-1)[1])}` : ""}`)));
  return h("section", { class: "chart" }, h("h3", {}, title), drawing, legend);
}

/** The next round number. */
function nice(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value);
}
