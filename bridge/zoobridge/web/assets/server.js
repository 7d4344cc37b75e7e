// The server at work: what `zoobridge top` shows, over the last minutes.

import { get } from "./api.js";
import { chart } from "./charts.js";
import { bytes, complain, fill, h, labelled, milliseconds, select } from "./dom.js";

const SPAN = 300;
const EVERY = 2000;
const KEPT = 1000;
const LEVELS = ["debug", "info", "warning", "error", "critical"];
const looks = [];

export async function show(frame, words, page) {
  const summary = h("p", { class: "quiet" });
  const charts = h("div", { class: "charts" });
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Loaded models" });
  const manager = page.session.role === "manager";
  const records = [];
  const serverLog = h("pre", { class: "log server-log", tabindex: "0", "aria-label": "Log of the server" });
  const pageLog = h("pre", { class: "log", tabindex: "0", "aria-label": "Log of the page" });
  let least = "debug";
  let problem = "";
  fill(frame, h("h2", {}, "Server"), summary, charts, h("h3", {}, "Since each model was loaded"), table);
  if (manager) {
    const level = select(LEVELS.map((name) => [name, name === "debug" ? "all" : `${name} and worse`]), least, (value) => {
      least = value;
      drawLog();
    });
    frame.append(h("h3", {}, "Log of the server"), h("div", { class: "bar" }, labelled("Show", level)), serverLog, h("h3", {}, "Log of the page"), pageLog);
  } else frame.append(h("p", { class: "quiet" }, "Whoever logs in with the managing token sees the log here."));
  let timer = null;
  let ended = false;

  async function look() {
    try {
      looks.push(await get("api/statistics"));
      while (looks.length && looks[0].at < looks.at(-1).at - SPAN) looks.shift();
      draw();
    } catch (error) {
      if (!ended) fill(summary, error.message);
    }
    // The page has its log even while the server does not answer.
    if (manager) await lookAtLogs().catch((error) => fill(pageLog, error.message));
    if (!ended) timer = setTimeout(look, EVERY);
  }

  async function lookAtLogs() {
    const found = await get(`api/log?after=${records.at(-1)?.number ?? 0}`);
    // A server that was restarted counts from 1.
    if (found.records.length && found.records[0].number <= (records.at(-1)?.number ?? 0)) records.length = 0;
    records.push(...found.records);
    records.splice(0, records.length - KEPT);
    fill(pageLog, found.lines.join("\n") || "Nothing yet.");
    problem = found.problem;
    drawLog();
  }

  function drawLog() {
    const shown = records.filter((one) => LEVELS.indexOf(one.level) >= LEVELS.indexOf(least));
    const atEnd = serverLog.scrollTop + serverLog.clientHeight >= serverLog.scrollHeight - 4;
    fill(serverLog, [...shown.map(asLine), problem].filter(Boolean).join("\n") || "Nothing yet.");
    if (atEnd) serverLog.scrollTop = serverLog.scrollHeight;
  }

  function draw() {
    const now = looks.at(-1);
    const used = now.models.reduce((sum, one) => sum + one.memory_bytes, 0) + now.standby_memory_bytes;
    fill(summary, `Up ${Math.floor(now.uptime_seconds / 60)} min; ${now.models.length} models loaded; memory ${bytes(used)} of ${bytes(now.memory_limit_bytes)}, frameworks kept ready ${bytes(now.standby_memory_bytes)}; server ${bytes(now.server_memory_bytes)}.`);
    fill(
      charts,
      chart("Requests a second", perModel((a, b, seconds) => (b.requests + b.failures - a.requests - a.failures) / seconds), (value) => value.toFixed(value < 10 ? 1 : 0), SPAN),
      chart("Time of a request", perModel((a, b) => (b.requests > a.requests ? (b.success_seconds - a.success_seconds) / (b.requests - a.requests) : null)), milliseconds, SPAN),
      chart("Waiting requests", perModel((a, b) => b.waiting), (value) => value.toFixed(0), SPAN, { least: 2 }),
      chart("Memory", [...perModel((a, b) => b.memory_bytes), line("server", (look) => look.server_memory_bytes), line("frameworks", (look) => look.standby_memory_bytes)], bytes, SPAN, { binary: true }),
    );
    fill(table, now.models.length ? asTable(now.models) : h("p", { class: "quiet" }, "No model is loaded."));
  }

  await look();
  if (!looks.length) complain(new Error(summary.textContent));
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

const asLine = (one) => `${new Date(one.time * 1000).toLocaleString()} ${one.level.toUpperCase().padEnd(8)} ${one.logger} ${one.message.replaceAll("\n", "\\n")}`;

const nameOf = (one) => `${one.model}:${one.framework}`;

function line(name, value) {
  const now = looks.at(-1).at;
  return { name, points: looks.map((look) => [look.at - now, value(look)]) };
}

/** Lines of what `value` makes of a model at two looks, one after the other. */
function perModel(value) {
  const now = looks.at(-1);
  return now.models.map((model) => {
    const points = [];
    looks.forEach((look, place) => {
      const before = looks[place - 1];
      const [a, b] = [before, look].map((one) => one?.models.find((other) => nameOf(other) === nameOf(model)));
      if (!a || !b || b.requests < a.requests) return;
      const found = value(a, b, look.at - before.at);
      if (found !== null) points.push([look.at - now.at, found]);
    });
    return { name: nameOf(model), points };
  });
}

function asTable(models) {
  const per = (one, name) => (one.requests ? milliseconds(one[name] / one.requests) : "");
  const columns = [
    ["model", (one) => `${one.model}@${one.version}`],
    ["framework", (one) => one.framework],
    ["device", (one) => [one.device, one.precision === "float32" ? "" : one.precision, one.device_memory_bytes ? bytes(one.device_memory_bytes) : ""].filter(Boolean).join(", ")],
    ["copies", (one) => one.instances],
    ["memory", (one) => bytes(one.memory_bytes)],
    ["waiting", (one) => one.waiting],
    ["requests", (one) => one.requests],
    ["failed", (one) => one.failures],
    ["queue", (one) => per(one, "queue_seconds")],
    ["prepare", (one) => per(one, "preprocess_seconds")],
    ["infer", (one) => per(one, "inference_seconds")],
    ["finish", (one) => per(one, "postprocess_seconds")],
  ];
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, columns.map(([name], place) => h("th", { scope: "col", class: place > 2 ? "number" : "" }, name)))),
    h("tbody", {}, models.map((one) => h("tr", {}, columns.map(([, cell], place) => h("td", { class: place > 2 ? "number" : "" }, String(cell(one))))))),
  );
}
