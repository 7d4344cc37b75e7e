// What lies over a picture: colours, regions with their labels, strokes, and the shape being drawn.

import { trace } from "./shapes.js";

// More regions than these are drawn without a dark rim, which costs as much as they do.
const OUTLINED = 300;

/** Paint what a viewer shows over its picture. */
export function paintOver(pen, viewer) {
  paintHeat(pen, viewer);
  paintRegions(pen, viewer);
  paintStrokes(pen, viewer);
  paintDraft(pen, viewer);
}

function paintHeat(pen, viewer) {
  pen.globalAlpha = viewer.opacity;
  for (const one of viewer.heat) {
    pen.fillStyle = one.color;
    pen.fillRect(one.x, one.y, one.width, one.height);
  }
  pen.globalAlpha = 1;
}

function paintRegions(pen, viewer) {
  const thin = 1.6 / viewer.scale;
  const byColor = new Map();
  const right = viewer.x + viewer.canvas.clientWidth / viewer.scale;
  const bottom = viewer.y + viewer.canvas.clientHeight / viewer.scale;
  for (const region of viewer.regions) {
    if (region.x > right || region.y > bottom || region.x + region.width < viewer.x || region.y + region.height < viewer.y) continue;
    const color = viewer.colors.get(region.id) ?? "#ffd54a";
    if (!byColor.has(color)) byColor.set(color, []);
    byColor.get(color).push(region);
  }
  for (const [color, regions] of byColor) {
    const path = new Path2D();
    for (const region of regions) trace(path, region);
    if (regions[0].tile) {
      pen.globalAlpha = viewer.opacity;
      pen.fillStyle = color;
      pen.fill(path);
      pen.globalAlpha = 1;
      continue;
    }
    if (viewer.regions.length <= OUTLINED) {
      pen.lineWidth = 2.4 * thin;
      pen.strokeStyle = "rgb(0 0 0 / 70%)";
      pen.stroke(path);
    }
    pen.lineWidth = thin;
    pen.strokeStyle = color;
    pen.stroke(path);
  }
  const chosen = viewer.regions.find((one) => one.id === viewer.selected);
  if (chosen) {
    const path = new Path2D();
    trace(path, chosen);
    pen.lineWidth = 3.5 * thin;
    pen.strokeStyle = "#ffffff";
    pen.stroke(path);
    pen.setLineDash([6 / viewer.scale, 4 / viewer.scale]);
    pen.strokeStyle = "#000000";
    pen.lineWidth = 2 * thin;
    pen.stroke(path);
    pen.setLineDash([]);
  }
  paintLabels(pen, viewer);
}

function paintLabels(pen, viewer) {
  const size = 12 / viewer.scale;
  pen.font = `${size}px system-ui, sans-serif`;
  pen.textBaseline = "bottom";
  for (const region of viewer.regions) {
    const text = viewer.labels.get(region.id);
    if (!text || region.tile || (region.width * viewer.scale < 34 && region.id !== viewer.selected)) continue;
    const wide = pen.measureText(text).width;
    pen.fillStyle = "rgb(0 0 0 / 75%)";
    pen.fillRect(region.x, region.y - size * 1.25, wide + size * 0.5, size * 1.25);
    pen.fillStyle = "#ffffff";
    pen.fillText(text, region.x + size * 0.25, region.y - size * 0.1);
  }
}

function paintStrokes(pen, viewer) {
  pen.fillStyle = "rgb(120 120 120 / 92%)";
  for (const [x, y, radius] of viewer.strokes) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

function paintDraft(pen, viewer) {
  const { draft } = viewer;
  if (!draft?.shape) return;
  const path = new Path2D();
  trace(path, draft.shape, true);
  pen.lineWidth = 2 / viewer.scale;
  pen.strokeStyle = "#ffffff";
  pen.stroke(path);
}
