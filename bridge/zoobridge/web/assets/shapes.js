// Shapes that are drawn on a picture.

/** Add a region to a path. */
export function trace(path, region, open = false) {
  if (region.polygon) {
    region.polygon.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
    if (!open) path.closePath();
  } else path.rect(region.x, region.y, region.width, region.height);
}

/** The box between two corners. */
export function boxOf(x1, y1, x2, y2) {
  return { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
}
