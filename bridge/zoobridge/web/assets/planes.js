// Which plane of a picture is looked at, and how: sliders that change the view, not what models see.

import { fill, h, labelled, select } from "./dom.js";

/**
 * The controls of a picture's planes, channels and contrast.
 *
 * Calls `look` when the view changes, `plane` when another plane is chosen, `every` when all planes are
 * to be classified or not, `reset` when the controls are to be drawn anew, and `series` when another
 * picture of the file is chosen.
 */
export function planeControls(picture, state, calls) {
  const { facts } = picture;
  return [
    facts.several || picture.series !== undefined ? whichPicture(picture, calls) : null,
    Object.entries(facts.planes).map(([axis, length]) => planeSlider(picture, axis, length, calls)),
    Object.keys(facts.planes).length ? everyPlane(state, calls) : null,
    facts.channels > 1 ? channelChoice(picture, calls) : null,
    edge("low", picture, calls),
    edge("high", picture, calls),
    h("button", { class: "plain small", onclick: () => {
      delete picture.low;
      delete picture.high;
      calls.reset();
      calls.look();
    } }, "Reset the view"),
    h("span", { class: "quiet" }, `${facts.width} × ${facts.height}, ${facts.data_type}. Black and white change the view only, not what models see.`),
    facts.notes.map((note) => h("p", { class: "quiet file-note" }, note)),
  ];
}

function whichPicture(picture, calls) {
  const which = h("input", { type: "number", min: "0", value: String(picture.series ?? ""), placeholder: "auto", onchange: () => {
    Object.assign(picture, { series: which.value === "" ? undefined : Number(which.value), facts: undefined, plane: {}, channel: undefined, low: undefined, high: undefined, regions: [] });
    calls.series(picture);
  } });
  return labelled("Picture of the file", which);
}

function planeSlider(picture, axis, length, calls) {
  const shown = h("output", {}, String(picture.plane[axis] ?? 0));
  const slider = h("input", { type: "range", min: "0", max: String(length - 1), value: String(picture.plane[axis] ?? 0), "aria-label": `Plane along ${axis}`, oninput: () => {
    picture.plane[axis] = Number(slider.value);
    fill(shown, slider.value);
    calls.plane();
  } });
  return h("span", { class: "field" }, axis, slider, shown, ` of ${length}`);
}

function everyPlane(state, calls) {
  const every = h("input", { type: "checkbox", checked: state.allPlanes, onchange: () => {
    state.allPlanes = every.checked;
    calls.every();
  } });
  return h("label", { class: "field" }, every, "classify every plane");
}

function channelChoice(picture, calls) {
  const { facts } = picture;
  const each = Array.from({ length: facts.channels }, (_, index) => [String(index), String(index)]);
  return labelled("Channel", select([["-1", facts.colour ? "colours" : "first"], ...each], String(picture.channel ?? -1), (value) => {
    picture.channel = Number(value);
    calls.look();
  }));
}

function edge(name, picture, calls) {
  const { facts } = picture;
  const whole = { uint8: [0, 255], uint16: [0, 65535] }[facts.data_type] ?? [facts.low, facts.high];
  const slider = h("input", { type: "range", min: String(whole[0]), max: String(whole[1]), step: "any", value: String(picture[name] ?? facts[name]), oninput: () => {
    picture[name] = Number(slider.value);
    calls.look();
  } });
  return labelled(name === "low" ? "Black" : "White", slider);
}
